"""Writes the fixtures of samples that are made of texts, from PyTorch in double precision: python3 make_generator_fixtures.py

Losses as the official code of MATE-KD has them (Rashid et al. 2021), over the networks of texts.py.
"""
import json
import pathlib

import numpy
import torch
from torch.nn import functional as F

import texts

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"
VOCABULARY, CLASSES, MASK = 40, 3, 4
TEMPERATURE, FACTOR = 0.7, 0.6
# Ids and segments of two texts; the second is padded.
TOKENS = torch.tensor([[[2, 17, 9, 3, 33, 21, 3], [0, 0, 0, 0, 1, 1, 1]], [[2, 8, 39, 3, 12, -1, -1], [0, 0, 0, 1, 1, 0, 0]]])
LABELS = torch.tensor([2, 0])
HIDDEN = torch.tensor([[0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 1, 0, 0]], dtype=torch.bool)
torch.manual_seed(4)
UNIFORM = torch.rand(int(HIDDEN.sum()), VOCABULARY, dtype=torch.float64)


def flat(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def sums(weights):
    zero = torch.zeros(1, dtype=torch.float64)
    return {name: flat(torch.stack([of.sum(), of.abs().sum()])) for name, of in ((name, zero if value.grad is None else value.grad) for name, value in weights.items())}


def hide(tokens):
    hidden = tokens.clone()
    hidden[:, 0][HIDDEN] = MASK
    return hidden


def divergence(kind, teacher, student):
    if kind == "logits":
        return F.mse_loss(student, teacher)
    cross_entropy = -(teacher.softmax(1) * student.log_softmax(1)).sum(1).mean()
    return cross_entropy if kind == "cross_entropy" else cross_entropy + (teacher.softmax(1) * teacher.log_softmax(1)).sum(1).mean()


class Network:
    def __init__(self, family, layers, width, task="class", classes=CLASSES):
        self.family, self.layers, self.task = family, layers, task
        self.weights = texts.weights(family, task, layers, width, VOCABULARY, classes)

    @property
    def words(self):
        return self.weights[f"{self.family}.embeddings.word_embeddings.weight"]

    def __call__(self, tokens, words=None):
        hidden, _ = texts.encode(self.weights, self.family, self.layers, tokens, words)
        return texts.head(self.weights, self.family, self.task, hidden[-1])

    def look_up(self, tokens):
        return F.embedding(tokens[:, 0].clamp(min=0), self.words)


def case(student_family, teacher_family, generator_family, classes):
    student, teacher, generator = Network(student_family, 1, 64, classes=classes), Network(teacher_family, 2, 128, classes=classes), Network(generator_family, 1, 128, "words", 0)
    made = {"student": student_family, "teacher": teacher_family, "generator": generator_family, "classes": classes, "turns": {}}
    kinds = ("cross_entropy", "kl", "logits") if classes > 1 else ("logits",)
    for kind in kinds:
        for network in (student, teacher, generator):
            for weight in network.weights.values():
                weight.grad = None
        logits = generator(hide(TOKENS))[HIDDEN]
        logits.retain_grad()
        gumbel = -torch.log(-torch.log(UNIFORM + 1e-20) + 1e-20)
        soft = ((logits.log_softmax(1) + gumbel) / TEMPERATURE).softmax(1)
        drawn = soft.argmax(1)
        straight = (F.one_hot(drawn, VOCABULARY).double() - soft).detach() + soft

        def altered(network):
            filled = torch.zeros(*HIDDEN.shape, network.words.shape[1], dtype=torch.float64).masked_scatter(HIDDEN.unsqueeze(-1), straight @ network.words)
            return network(TOKENS, torch.where(HIDDEN.unsqueeze(-1), filled, network.look_up(TOKENS)))

        turn = divergence(kind, altered(teacher), altered(student))
        turn.backward()
        made["drawn"] = drawn.tolist()
        made["turns"][kind] = {"divergence": turn.item(), "logits": flat(logits.grad), "generator": sums(generator.weights)}

        # The student's step, with what was drawn and the teacher constant.
        for weight in student.weights.values():
            weight.grad = None
        filled = TOKENS.clone()
        filled[:, 0][HIDDEN] = drawn
        with torch.no_grad():
            z_real, z_altered = teacher(TOKENS), teacher(filled)
        if classes > 1:
            labels = F.cross_entropy(student(TOKENS), LABELS)
            real = divergence("kl", z_real, student(TOKENS))
        else:
            labels = F.mse_loss(student(TOKENS).squeeze(1), LABELS.double())
            real = divergence("logits", z_real, student(TOKENS))
        loss = (labels + real + divergence(kind, FACTOR * z_altered, student(filled))) / 3
        loss.backward()
        made["turns"][kind] |= {"loss": loss.item(), "student": sums(student.weights)}
    return made


def word_map():
    """NumPy's least squares between two tables of embeddings."""
    source, target = torch.randn(12, 4, dtype=torch.float64), torch.randn(12, 6, dtype=torch.float64)
    found, *_ = numpy.linalg.lstsq(source.numpy(), target.numpy(), rcond=None)
    return {"from": source.tolist(), "to": target.tolist(), "map": found.tolist()}


cases = [case("bert", "bert", "bert", CLASSES), case("roberta", "roberta", "roberta", CLASSES), case("distilbert", "bert", "distilbert", CLASSES), case("bert", "bert", "bert", 1)]
fixed = {"tokens": TOKENS.flatten().tolist(), "shape": list(TOKENS.shape), "labels": LABELS.tolist(), "hidden": HIDDEN.int().flatten().tolist(), "uniform": flat(UNIFORM),
         "temperature": TEMPERATURE, "factor": FACTOR, "map": word_map(), "cases": cases}
(FOLDER / "generators.json").write_text(json.dumps(fixed, separators=(",", ":")).replace("},{", "},\n{") + "\n")
