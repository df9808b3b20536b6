"""Writes the fixtures of the networks that read texts, from PyTorch in double precision: python3 make_text_fixtures.py"""
import json
import pathlib

import torch

import texts

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"
LAYERS, HIDDEN, VOCABULARY = 2, 128, 40
# Ids and segments of two texts; the second is padded.
TOKENS = torch.tensor([[[2, 17, 9, 3, 33, 21, 3], [0, 0, 0, 0, 1, 1, 1]], [[2, 8, 39, 3, 12, -1, -1], [0, 0, 0, 1, 1, 0, 0]]])
# Features are compared in their first columns.
COLUMNS = 6


def flat(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def case(family, task, classes):
    w = texts.weights(family, task, LAYERS, HIDDEN, VOCABULARY, classes)
    hidden, scores = texts.encode(w, family, LAYERS, TOKENS)
    logits = texts.head(w, family, task, hidden[-1])
    real = TOKENS[:, 0] >= 0
    kept = logits[real] if task == "words" else logits.transpose(1, 2)[real] if task == "span" else logits
    kept.square().mean().backward()
    made = {"family": family, "task": task, "classes": classes, "tokens": TOKENS.flatten().tolist(), "shape": list(TOKENS.shape),
            "state": {name: list(value.shape) for name, value in w.items()},
            "logits": flat(kept),
            "gradients": {name: flat(torch.stack([value.grad.sum(), value.grad.abs().sum()])) for name, value in w.items()}}
    if task == "class":
        made["hidden"] = [flat(states[real][:, :COLUMNS]) for states in hidden]
        # Between real tokens: the second text has five.
        made["scores"] = [flat(torch.cat([of[0].flatten(), of[1][:, :5, :5].flatten()])) for of in scores]
    return made


cases = [case(family, task, classes) for family in texts.POSITIONS for task, classes in (("class", 3), ("value", 1), ("span", 2), ("words", 0))]
(FOLDER / "texts.json").write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")
