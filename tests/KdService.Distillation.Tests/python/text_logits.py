"""Prints the logits [batch, classes] that PyTorch finds with the weights of a Hugging Face folder: text_logits.py FOLDER TOKENS

TOKENS is a JSON array [batch, 2, length].
"""
import json
import pathlib
import sys

import torch

import texts
from weights import read

folder = pathlib.Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())
family = config["model_type"]
layers, hidden = (config["n_layers"], config["dim"]) if family == "distilbert" else (config["num_hidden_layers"], config["hidden_size"])
tensors = {name: value.double() for name, value in read(folder / "model.safetensors").items()}
expected = texts.state(family, "class", layers, hidden, config["vocab_size"], len(config["id2label"]))
assert {name: list(value.shape) for name, value in tensors.items()} == dict(expected), "other names or shapes than Hugging Face's"
tokens = torch.tensor(json.loads(sys.argv[2]))
states, _ = texts.encode(tensors, family, layers, tokens)
print(json.dumps(texts.head(tensors, family, "class", states[-1]).tolist()))
