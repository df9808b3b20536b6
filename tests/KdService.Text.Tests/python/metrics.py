"""GLUE's and SQuAD's metrics as their definitions read: what the tests compare with."""
import collections
import math
import re
import statistics
import string


def f1(predicted, labels, c):
    both = sum(p == t == c for p, t in zip(predicted, labels))
    precision = both / max(1, predicted.count(c))
    recall = both / max(1, labels.count(c))
    return 2 * precision * recall / (precision + recall) if both else 0.0


def matthews(predicted, labels):
    """Covariances of one-hot vectors (Gorodkin 2004)."""
    def covariance(x, y):
        total = 0.0
        for c in set(predicted) | set(labels):
            a, b = [float(v == c) for v in x], [float(v == c) for v in y]
            total += sum((u - statistics.fmean(a)) * (v - statistics.fmean(b)) for u, v in zip(a, b))
        return total
    scale = covariance(predicted, predicted) * covariance(labels, labels)
    return covariance(predicted, labels) / math.sqrt(scale) if scale > 1e-12 else 0.0


def ranks(values):
    return [statistics.fmean([i + 1 for i, v in enumerate(sorted(values)) if v == value]) for value in values]


def normalise(answer):
    kept = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def squad_f1(predicted, gold, empty):
    given, right = normalise(predicted).split(), normalise(gold).split()
    if empty and not (given and right):
        return float(given == right)
    same = sum((collections.Counter(given) & collections.Counter(right)).values())
    if not same:
        return 0.0
    precision, recall = same / len(given), same / len(right)
    return 2 * precision * recall / (precision + recall)


def squad(questions, predictions, version2):
    """(exact, F1) of each question: {id: (answers, ...)}."""
    scores = {}
    for name, golds in questions.items():
        golds = ([g for g in golds if normalise(g)] or [""]) if version2 else golds
        scores[name] = (max(float(normalise(predictions[name]) == normalise(g)) for g in golds),
                        max(squad_f1(predictions[name], g, version2) for g in golds))
    return scores


def best(questions, predictions, odds, scores, which):
    """Every threshold in turn: an answer stands where its odds of being none are not greater."""
    found = []
    for threshold in [None, *sorted(odds.values())]:
        total = 0.0
        for name, golds in questions.items():
            none = threshold is None or odds[name] > threshold or not predictions[name]
            total += float(not golds) if none else (scores[name][which] if golds else 0.0)
        found.append((100 * total / len(questions), threshold))
    top = max(value for value, _ in found)
    return next((value, 0.0 if threshold is None else threshold) for value, threshold in found if value == top)
