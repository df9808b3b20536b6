"""Losses on logits in double precision, written out sample by sample, for the fixtures."""
import torch
from torch.nn import functional as F


def soften(z, tau, standardise=False):
    """Logits over a temperature, in double precision; standardised before as in LSKD."""
    z = z.double()
    if standardise:
        z = torch.stack([(row - row.mean()) / (1e-7 + row.std(unbiased=True)) for row in z])
    return z / tau


def continuation(z, y, t, psi, phi, margin):
    hinges = [torch.relu(((a - b) ** 2).sum() - margin * phi) for a, b in zip(z.double(), t.double())]
    return psi * F.cross_entropy(z.double(), y) + (1 - psi) * sum(hinges) / len(hinges)


def decoupled(z, y, t, alpha, beta, tau, standardise=False):
    total = 0
    for q, p, label in zip(soften(z, tau, standardise).softmax(1), soften(t, tau, standardise).softmax(1), y.tolist()):
        others = [k for k in range(len(q)) if k != label]
        rest_q, rest_p = q[others].sum(), p[others].sum()
        binary = p[label] * (p[label] / q[label]).log() + rest_p * (rest_p / rest_q).log()
        among = sum(p[k] / rest_p * ((p[k] / rest_p) / (q[k] / rest_q)).log() for k in others)
        total = total + alpha * binary + beta * among
    return tau**2 * total / len(y)


def pearson(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / ((a * a).sum().sqrt() * (b * b).sum().sqrt() + 1e-8)


def dist(z, y, t, inter, intra, tau, standardise=False):
    q, p = soften(z, tau, standardise).softmax(1), soften(t, tau, standardise).softmax(1)
    rows = sum(pearson(q[b], p[b]) for b in range(q.shape[0])) / q.shape[0]
    columns = sum(pearson(q[:, k], p[:, k]) for k in range(q.shape[1])) / q.shape[1]
    return tau**2 * (inter * (1 - rows) + intra * (1 - columns))


# The teacher's last layer in the tests, Losses.cs: [10 classes, 8 features].
CLASSIFIER = torch.arange(80, dtype=torch.float64).sin().reshape(10, 8)


def pt_target(p, label):
    classes = len(p)
    return torch.stack([p[label] if k == label else (1 - p[label]) / (classes - 1) for k in range(classes)])


def sim_target(p, label, sharpness):
    weights = torch.stack([(sharpness * F.cosine_similarity(CLASSIFIER[label], row, dim=0)).exp() for row in CLASSIFIER])
    return weights / weights.sum()


def split_target(p, label, sharpness):
    sim = sim_target(p, label, sharpness)
    return torch.stack([p[label] if k == label else (1 - p[label]) * sim[k] / (1 - sim[label]) for k in range(len(p))])


def top_target(p, label, count):
    kept = sorted(range(len(p)), key=lambda k: -p[k].item())[:count]
    rest = (1 - sum(p[k] for k in kept)) / max(1, len(p) - count)
    return torch.stack([p[k] if k in kept else rest for k in range(len(p))])


def partial(z, y, t, alpha, tau, squared, target, standardise=False):
    log_q = soften(z, tau, standardise).log_softmax(1)
    p = soften(t, tau, standardise).softmax(1)
    crosses = [-(target(row, label) * log).sum() for row, label, log in zip(p, y.tolist(), log_q)]
    return alpha * (tau**2 if squared else 1) * sum(crosses) / len(crosses) + (1 - alpha) * F.cross_entropy(z.double(), y)


def standardised_targets(z, y, t, alpha, tau):
    kl = F.kl_div(soften(z, tau, True).log_softmax(1), soften(t, tau, True).softmax(1), reduction="batchmean")
    return alpha * tau**2 * kl + (1 - alpha) * F.cross_entropy(z.double(), y)
