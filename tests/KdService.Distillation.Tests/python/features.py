"""Losses on features in PyTorch, in double precision: losses and gradients of a few steps each."""
import math

import torch
from torch import nn
from torch.nn import functional as F

SAMPLES, CLASSES = 12, 3


def at(pairs, learned, batch, power=2):
    total = 0
    for s, t in pairs:
        side = min(s.shape[2], t.shape[2])
        maps = [F.normalize(F.adaptive_avg_pool2d(f, side).pow(power).mean(1).flatten(1)) for f in (s, t)]
        total = total + (maps[0] - maps[1]).pow(2).mean()
    return total


def sp(pairs, learned, batch):
    total = 0
    for s, t in pairs:
        grams = [F.normalize(f.flatten(1) @ f.flatten(1).t()) for f in (s, t)]
        total = total + ((grams[1] - grams[0]) ** 2).sum() / len(s) ** 2
    return total


def rkd(pairs, learned, batch, distance_weight=25.0, angle_weight=50.0):
    def distances(f):
        d = torch.stack([torch.stack([(a - b).norm() for b in f]) for a in f])
        return d / d[d > 0].mean()

    def angles(f):
        rows = []
        for i in range(len(f)):
            e = [F.normalize(f[j] - f[i], dim=0) for j in range(len(f))]
            rows.append(torch.stack([torch.stack([e[j] @ e[k] for k in range(len(f))]) for j in range(len(f))]))
        return torch.stack(rows)

    total = 0
    for s, t in pairs:
        s, t = s.flatten(1), t.flatten(1)
        total = total + distance_weight * F.smooth_l1_loss(distances(s), distances(t)) + angle_weight * F.smooth_l1_loss(angles(s), angles(t))
    return total


def pkt(pairs, learned, batch, eps=1e-7):
    def probabilities(f):
        f = f / (f.pow(2).sum(1, keepdim=True).sqrt() + eps)
        similarity = (f @ f.t() + 1) / 2
        return similarity / similarity.sum(1, keepdim=True)

    total = 0
    for s, t in pairs:
        q, p = probabilities(s.flatten(1)), probabilities(t.flatten(1))
        total = total + (p * torch.log((p + eps) / (q + eps))).mean()
    return total


class Regressor(nn.Module):
    def __init__(self, student, teacher):
        super().__init__()
        (inputs, a, _), (outputs, b, _) = student, teacher
        if a == 2 * b:
            self.conv = nn.Conv2d(inputs, outputs, 3, 2, 1)
        elif 2 * a == b:
            self.conv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)
        else:
            self.conv = nn.Conv2d(inputs, outputs, 1 + a - b)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x)).relu()


def fitnet(pairs, learned, batch):
    return sum(F.mse_loss(regressor(s), t) for (s, t), regressor in zip(pairs, learned))


class Fusion(nn.Module):
    def __init__(self, inputs, middle, outputs, fuses):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, middle, 1, bias=False), nn.BatchNorm2d(middle)
        self.conv2, self.bn2 = nn.Conv2d(middle, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)
        if fuses:
            self.attention = nn.Conv2d(2 * middle, 2, 1)


def reviewkd(pairs, learned, batch):
    above, total = None, 0
    for (s, t), fusion in reversed(list(zip(pairs, learned))):
        s, t = [f if f.dim() == 4 else f[:, :, None, None] for f in (s, t)]
        x = fusion.bn1(fusion.conv1(s))
        if above is not None:
            y = F.interpolate(above, tuple(s.shape[2:]), mode="nearest")
            z = torch.sigmoid(fusion.attention(torch.cat([x, y], 1)))
            x = x * z[:, :1] + y * z[:, 1:]
        above = x = F.interpolate(x, tuple(t.shape[2:]), mode="nearest")
        reviewed = fusion.bn2(fusion.conv2(x))
        loss, weight, whole = F.mse_loss(reviewed, t), 1.0, 1.0
        for side in (4, 2, 1):
            if side < t.shape[2]:
                weight /= 2
                whole += weight
                loss = loss + weight * F.mse_loss(F.adaptive_avg_pool2d(reviewed, side), F.adaptive_avg_pool2d(t, side))
        total = total + loss / whole
    return total


class Memory(nn.Module):
    def __init__(self, student, teacher, dimensions):
        super().__init__()
        self.student, self.teacher = nn.Linear(math.prod(student), dimensions), nn.Linear(math.prod(teacher), dimensions)
        bound = math.sqrt(3 / dimensions)
        self.register_buffer("student_memory", (torch.rand(SAMPLES, dimensions) * 2 - 1) * bound)
        self.register_buffer("teacher_memory", (torch.rand(SAMPLES, dimensions) * 2 - 1) * bound)
        self.register_buffer("log_normalisers", torch.full((2,), math.nan))


def crd(pairs, learned, batch, temperature=0.07, momentum=0.5):
    """With all samples of other classes as negatives, so that no draw decides."""
    labels = torch.arange(SAMPLES) % CLASSES
    total = 0
    for (s, t), memory in zip(pairs, learned):
        embeddings = [F.normalize(layer(f.flatten(1))) for layer, f in ((memory.student, s), (memory.teacher, t))]
        banks = [memory.teacher_memory.clone(), memory.student_memory.clone()]
        for way, (embedding, bank) in enumerate(zip(embeddings, banks)):
            scores = []
            for row, sample in enumerate(batch["samples"]):
                chosen = [sample] + [other for other in range(SAMPLES) if labels[other] != labels[sample]]
                scores.append(torch.exp(bank[chosen] @ embedding[row] / temperature))
            scores = torch.stack(scores)
            if memory.log_normalisers[way].isnan():
                memory.log_normalisers[way] = torch.log(scores.detach().mean() * SAMPLES)
            u = scores / memory.log_normalisers[way].exp()
            noise = (scores.shape[1] - 1) / SAMPLES
            total = total - (torch.log(u[:, 0] / (u[:, 0] + noise)).sum() + torch.log(noise / (u[:, 1:] + noise)).sum()) / len(u)
        with torch.no_grad():
            for bank, embedding in ((memory.student_memory, embeddings[0]), (memory.teacher_memory, embeddings[1])):
                bank[batch["samples"]] = F.normalize(momentum * bank[batch["samples"]] + (1 - momentum) * embedding)
    return total


def plain(values):
    """A tensor's shape and its elements."""
    return {"shape": list(values.shape), "values": [float(f"{value:.7g}") for value in values.detach().flatten().tolist()]}


def short(values):
    """Rounded to numbers that are short to write down."""
    return (values.double() * 1000).round() / 1000


def cases():
    torch.manual_seed(11)
    found = []

    def add(objective, loss, shapes, learned=(), batch=4, steps=1, scale=1.0):
        learned = nn.ModuleList(learned)
        for name, parameter in learned.named_parameters():
            if "bn" in name:
                nn.init.uniform_(parameter, 0.5, 1.5)
        learned = learned.double()
        for value in learned.state_dict().values():
            value.copy_(short(value))
        start = {name: plain(value) for name, value in learned.state_dict().items() if "log_" not in name and "num_" not in name and "running_" not in name}
        done = []
        for step in range(steps):
            samples = [(3 * step + i) % SAMPLES for i in range(batch)]
            pairs = [[short(torch.randn(batch, *shape) * scale) for shape in pair] for pair in shapes]
            inputs = [[plain(f) for f in pair] for pair in pairs]
            for pair in pairs:
                pair[0].requires_grad_()
            value = loss(pairs, learned, {"samples": samples})
            learned.zero_grad()
            value.backward()
            done.append({"samples": samples, "labels": [sample % CLASSES for sample in samples], "features": inputs, "loss": value.item(),
                         "gradients": [plain(pair[0].grad) for pair in pairs],
                         "learned_gradients": {name: plain(parameter.grad) for name, parameter in learned.named_parameters()}})
        found.append({"objective": objective, "shapes": shapes, "learned": start, "steps": done})

    add({"name": "at"}, at, [([3, 8, 8], [5, 8, 8]), ([4, 4, 4], [6, 4, 4])])
    add({"name": "at", "power": 4}, lambda *a: at(*a, power=4), [([3, 8, 8], [5, 4, 4])])
    add({"name": "at"}, at, [([3, 4, 4], [5, 8, 8])])
    add({"name": "sp"}, sp, [([3, 4, 4], [5, 8, 8])], batch=6)
    add({"name": "rkd"}, rkd, [([8], [12])], batch=6)
    add({"name": "rkd", "distance_weight": 1.0, "angle_weight": 0.0}, lambda *a: rkd(*a, 1.0, 0.0), [([8], [3])], batch=5, scale=10.0)
    add({"name": "rkd", "distance_weight": 0.0, "angle_weight": 2.0}, lambda *a: rkd(*a, 0.0, 2.0), [([2, 2, 2], [3])], batch=5)
    add({"name": "pkt"}, pkt, [([8], [12])], batch=6)
    for student, teacher in (([3, 4, 4], [5, 4, 4]), ([3, 8, 8], [5, 4, 4]), ([3, 4, 4], [5, 8, 8]), ([3, 5, 5], [2, 3, 3])):
        add({"name": "fitnet"}, fitnet, [(student, teacher)], [Regressor(student, teacher)])
    levels = [([3, 8, 8], [5, 8, 8]), ([4, 4, 4], [6, 4, 4]), ([6], [7])]
    add({"name": "reviewkd"}, reviewkd, levels, [Fusion(s[0], 6, t[0], level < 2) for level, (s, t) in enumerate(levels)], batch=3)
    levels = [([3, 6, 6], [4, 8, 8]), ([5, 4, 4], [4, 2, 2])]
    add({"name": "reviewkd"}, reviewkd, levels, [Fusion(s[0], 5, t[0], level < 1) for level, (s, t) in enumerate(levels)], batch=3)
    add({"name": "crd", "dimensions": 5}, crd, [([4], [6])], [Memory([4], [6], 5)], steps=5)
    add({"name": "crd", "dimensions": 8, "temperature": 0.5, "momentum": 0.9}, lambda *a: crd(*a, 0.5, 0.9), [([2, 2, 2], [6])], [Memory([2, 2, 2], [6], 8)], steps=2)
    return found
