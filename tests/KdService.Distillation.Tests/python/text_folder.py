"""Writes the weights of a masked language model as Hugging Face's libraries save them: text_folder.py FILE FAMILY LAYERS HIDDEN VOCABULARY today|old

`today` leaves out what is tied; `old` has the word embeddings once more as the last layer, the buffers, the other heads and the names of
norms that early files came with.
"""
import sys

import torch

import texts
from weights import write

path, family, layers, hidden, vocabulary, form = sys.argv[1:]
hidden, vocabulary = int(hidden), int(vocabulary)
tensors = {name: value.detach().float() for name, value in texts.weights(family, "words", int(layers), hidden, vocabulary, 0).items()}
if form == "old":
    last, bias = {"bert": ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias"), "roberta": ("lm_head.decoder.weight", "lm_head.decoder.bias"),
                  "distilbert": ("vocab_projector.weight", None)}[family]
    tensors[last] = tensors[f"{family}.embeddings.word_embeddings.weight"]
    if bias:
        tensors[bias] = tensors[bias.replace("decoder.", "")]
    tensors[f"{family}.embeddings.position_ids"] = torch.arange(texts.POSITIONS[family]).unsqueeze(0)
    if family == "bert":
        tensors |= {"cls.seq_relationship.weight": torch.ones(2, hidden), "cls.seq_relationship.bias": torch.ones(2),
                    "bert.pooler.dense.weight": torch.ones(hidden, hidden), "bert.pooler.dense.bias": torch.ones(hidden)}
        tensors = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for name, value in tensors.items()}
write(path, tensors)
