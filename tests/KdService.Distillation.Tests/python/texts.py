"""BERT, RoBERTa and DistilBERT once more, over a dictionary of weights under Hugging Face's names, to compare with.

Written from Devlin et al. (2019), Liu et al. (2019) and Sanh et al. (2019); attention is PyTorch's own.
"""
import torch
from torch.nn import functional as F

HEAD = 64
POSITIONS = {"bert": 512, "roberta": 514, "distilbert": 512}
PADDING = {"bert": 0, "roberta": 1, "distilbert": 0}
EPSILON = {"bert": 1e-12, "roberta": 1e-5, "distilbert": 1e-12}


def linear(name, inputs, outputs):
    return [(f"{name}.weight", [outputs, inputs]), (f"{name}.bias", [outputs])]


def norm(name, width):
    return [(f"{name}.weight", [width]), (f"{name}.bias", [width])]


def parts(family, layer):
    """The modules of a layer: query, key, value, attended, its norm, widen, narrow, their norm."""
    if family == "distilbert":
        at = f"distilbert.transformer.layer.{layer}."
        names = ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"]
    else:
        at = f"{family}.encoder.layer.{layer}."
        names = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
                 "intermediate.dense", "output.dense", "output.LayerNorm"]
    return [at + name for name in names]


def state(family, task, layers, hidden, vocabulary, classes):
    """Names and shapes of all weights, as Hugging Face's model for the task has them."""
    at = f"{family}.embeddings."
    names = [(at + "word_embeddings.weight", [vocabulary, hidden]), (at + "position_embeddings.weight", [POSITIONS[family], hidden])]
    if family != "distilbert":
        names.append((at + "token_type_embeddings.weight", [2 if family == "bert" else 1, hidden]))
    names += norm(at + "LayerNorm", hidden)
    for layer in range(layers):
        query, key, value, attended, attended_norm, widen, narrow, output_norm = parts(family, layer)
        for module in (query, key, value, attended):
            names += linear(module, hidden, hidden)
        names += norm(attended_norm, hidden) + linear(widen, hidden, 4 * hidden) + linear(narrow, 4 * hidden, hidden) + norm(output_norm, hidden)
    if task == "span":
        return names + linear("qa_outputs", hidden, 2)
    if task == "words":
        if family == "bert":
            return names + [("cls.predictions.bias", [vocabulary])] + linear("cls.predictions.transform.dense", hidden, hidden) + norm("cls.predictions.transform.LayerNorm", hidden)
        if family == "roberta":
            return names + [("lm_head.bias", [vocabulary])] + linear("lm_head.dense", hidden, hidden) + norm("lm_head.layer_norm", hidden)
        return names + linear("vocab_transform", hidden, hidden) + norm("vocab_layer_norm", hidden) + [("vocab_projector.bias", [vocabulary])]
    first, last = {"bert": ("bert.pooler.dense", "classifier"), "roberta": ("classifier.dense", "classifier.out_proj"), "distilbert": ("pre_classifier", "classifier")}[family]
    return names + linear(first, hidden, hidden) + linear(last, hidden, classes)


def numbers(name, shape):
    """Weights from whole numbers alone, so that every language finds the same: about uniform, within 0.1 of the usual mean."""
    prime = 2**31 - 1
    salt = 0
    for letter in name:
        salt = (salt * 31 + ord(letter)) % prime
    index = torch.arange(1, torch.Size(shape).numel() + 1, dtype=torch.int64)
    value = (index * 48271 + salt) % prime
    value = (value * value) % prime
    value = (value * 16807 + salt) % prime
    offset = 1.0 if name.lower().endswith("norm.weight") else 0.0
    return (offset + 0.2 * (value.double() / prime - 0.5)).reshape(shape)


def weights(family, task, layers, hidden, vocabulary, classes):
    made = {name: numbers(name, shape) for name, shape in state(family, task, layers, hidden, vocabulary, classes)}
    made[f"{family}.embeddings.word_embeddings.weight"][PADDING[family]] = 0
    return {name: value.requires_grad_() for name, value in made.items()}


def encode(w, family, layers, tokens, words=None):
    """Hidden states of the embeddings and of every layer, and every layer's attention scores; from other embeddings than the words' where given."""
    def of(name):
        return w[f"{name}.weight"], w[f"{name}.bias"]

    ids, segments = tokens[:, 0], tokens[:, 1]
    padding = ids < 0
    ids = torch.where(padding, PADDING[family], ids)
    at = f"{family}.embeddings."
    position = torch.arange(ids.shape[1]).expand_as(ids)
    if family == "roberta":
        position = torch.cumsum(~padding, 1) * ~padding + 1
    if words is None:
        words = F.embedding(ids, w[at + "word_embeddings.weight"], PADDING[family])
    x = words + w[at + "position_embeddings.weight"][position]
    if family == "bert":
        x = x + w[at + "token_type_embeddings.weight"][segments]
    if family == "roberta":
        x = x + w[at + "token_type_embeddings.weight"][0]
    width = x.shape[2]
    x = F.layer_norm(x, [width], *of(at + "LayerNorm"), EPSILON[family])
    hidden, scores = [x], []
    for layer in range(layers):
        query, key, value, attended, attended_norm, widen, narrow, output_norm = parts(family, layer)
        q, k = (F.linear(x, *of(name)).unflatten(2, (width // HEAD, HEAD)) for name in (query, key))
        scores.append(torch.einsum("bqhd,bkhd->bhqk", q, k) / HEAD**0.5)
        y, _ = F.multi_head_attention_forward(
            x.transpose(0, 1), x.transpose(0, 1), x.transpose(0, 1), width, width // HEAD, None, torch.cat([w[f"{name}.bias"] for name in (query, key, value)]),
            None, None, False, 0.0, *of(attended), training=False, key_padding_mask=padding, need_weights=False, use_separate_proj_weight=True,
            q_proj_weight=w[f"{query}.weight"], k_proj_weight=w[f"{key}.weight"], v_proj_weight=w[f"{value}.weight"])
        x = F.layer_norm(x + y.transpose(0, 1), [width], *of(attended_norm), EPSILON[family])
        y = F.linear(F.gelu(F.linear(x, *of(widen))), *of(narrow))
        x = F.layer_norm(x + y, [width], *of(output_norm), EPSILON[family])
        hidden.append(x)
    return hidden, scores


def head(w, family, task, x):
    def of(name):
        return w[f"{name}.weight"], w[f"{name}.bias"]

    if task == "span":
        return F.linear(x, *of("qa_outputs")).transpose(1, 2)
    if task == "words":
        dense, layer_norm, words = {"bert": ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions"),
                                    "roberta": ("lm_head.dense", "lm_head.layer_norm", "lm_head"),
                                    "distilbert": ("vocab_transform", "vocab_layer_norm", "vocab_projector")}[family]
        x = F.layer_norm(F.gelu(F.linear(x, *of(dense))), [x.shape[2]], *of(layer_norm), EPSILON[family])
        return F.linear(x, w[f"{family}.embeddings.word_embeddings.weight"], w[f"{words}.bias"])
    x = x[:, 0]
    if family == "bert":
        return F.linear(torch.tanh(F.linear(x, *of("bert.pooler.dense"))), *of("classifier"))
    if family == "roberta":
        return F.linear(torch.tanh(F.linear(x, *of("classifier.dense"))), *of("classifier.out_proj"))
    return F.linear(F.relu(F.linear(x, *of("pre_classifier"))), *of("classifier"))
