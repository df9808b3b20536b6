"""Writes the fixtures of the losses on features of tokens, from PyTorch in double precision: python3 make_token_fixtures.py"""
import json
import pathlib

import torch
from torch import nn

import token_losses

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"
# Tokens of three texts, the longest of which has no padding.
LENGTHS, LENGTH = [5, 2, 4], 5


def array(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]}


def case(name, student, teacher, layers):
    """Shapes are those of one text; of states [length, width], of scores [heads, length, length]."""
    torch.manual_seed(len(name) + student[-1])
    learned = nn.Linear(student[1], teacher[1]).double() if name == "hidden_states" and student != teacher else None
    pairs = [tuple(torch.randn(len(LENGTHS), *shape, dtype=torch.double) for shape in (student, teacher)) for _ in range(layers)]
    for s, _ in pairs:
        s.requires_grad_()
    loss = getattr(token_losses, name)(pairs, learned, LENGTHS)
    loss.backward()
    return {"objective": {"name": name}, "lengths": LENGTHS, "shapes": [student, teacher], "pairs": [[array(s), array(t)] for s, t in pairs],
            "learned": {} if learned is None else {key: array(value) for key, value in learned.named_parameters()},
            "loss": loss.item(), "gradients": [array(s.grad) for s, _ in pairs],
            "learned_gradients": {} if learned is None else {key: array(value.grad) for key, value in learned.named_parameters()}}


cases = [case("pkd", [LENGTH, 6], [LENGTH, 6], 2), case("attention_scores", [2, LENGTH, LENGTH], [2, LENGTH, LENGTH], 2),
         case("hidden_states", [LENGTH, 6], [LENGTH, 6], 3), case("hidden_states", [LENGTH, 4], [LENGTH, 6], 3), case("hidden_cosine", [LENGTH, 6], [LENGTH, 6], 1)]
(FOLDER / "token_losses.json").write_text(json.dumps(cases, separators=(",", ":")).replace("},{\"objective", "},\n{\"objective") + "\n")
