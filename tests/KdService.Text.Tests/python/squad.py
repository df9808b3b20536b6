"""What BERT's run_squad.py and SQuAD 2.0's evaluate-v2.0.py do, as their rules read: what the tests compare with."""
import math

import metrics


def windows(question, context, length, stride, longest_question):
    """(first, count) of each window, in tokens of the context; three special tokens go off."""
    room = length - 3 - len(question[:longest_question])
    found, first = [], 0
    while True:
        count = min(room, len(context) - first)
        found.append((first, count))
        if first + count == len(context):
            return found
        first += min(count, stride)


def target(window, offset, answer):
    """Where a window's answer is, which is at the start token unless it has all of it."""
    first, count = window
    if answer is None or answer[0] < first or answer[1] > first + count - 1:
        return (0, 0)
    return (answer[0] - first + offset, answer[1] - first + offset)


def owner(spans, token):
    """The window that shows most around a token, on its poorer side."""
    best, found = None, None
    for number, (first, count) in enumerate(spans):
        if first <= token < first + count:
            shown = min(token - first, first + count - 1 - token) + 0.01 * count
            if best is None or shown > best:
                best, found = shown, number
    return found


def decode(question, context, spans, logits, n_best, longest_answer, nullable):
    """(the best answer, the n best, the null score less the best answer's score) of a question whose tokens are its words."""
    offset = len(question) + 2
    entries, none = [], (1e6, 0.0)
    for number, ((first, count), (start, end)) in enumerate(zip(spans, logits)):
        if start[0] + end[0] < sum(none):
            none = (start[0], end[0])
        for s in sorted(range(len(start)), key=lambda at: -start[at])[:n_best]:
            for e in sorted(range(len(end)), key=lambda at: -end[at])[:n_best]:
                inside = offset <= s < offset + count and offset <= e < offset + count
                if inside and s <= e < s + longest_answer and owner(spans, first + s - offset) == number:
                    entries.append((" ".join(context[first + s - offset:first + e - offset + 1]), start[s], end[e]))
    answers = sorted(entries, key=lambda entry: -entry[1] - entry[2])
    difference = sum(none) - answers[0][1] - answers[0][2]
    if nullable:
        entries.append(("", *none))
    kept = []
    for entry in sorted(entries, key=lambda entry: -entry[1] - entry[2]):
        if len(kept) < n_best and entry[0] not in [text for text, _, _ in kept]:
            kept.append(entry)
    if nullable and "" not in [text for text, _, _ in kept]:
        kept.append(("", *none))
    highest = max(start + end for _, start, end in kept)
    total = sum(math.exp(start + end - highest) for _, start, end in kept)
    return answers[0][0], [[text, math.exp(start + end - highest) / total, start, end] for text, start, end in kept], difference


def best_threshold(answers, scores, odds, answerable):
    """The official search: answers are taken in one by one, the surest first."""
    current = sum(not has for has in answerable.values())
    best, threshold = current, 0.0
    for name in sorted(odds, key=odds.get):
        current += scores[name] if answerable[name] else -1 if answers[name] else 0
        if current > best:
            best, threshold = current, odds[name]
    return 100 * best / len(scores), threshold


def evaluate(golds, answers, odds, threshold):
    """Everything the official script reports: of the answers that a threshold leaves, and of the best thresholds for all of them."""
    given = {name: "" if odds[name] > threshold else text for name, text in answers.items()}
    answerable = {name: bool(texts) for name, texts in golds.items()}
    scores, whole = metrics.squad(golds, given, True), metrics.squad(golds, answers, True)
    result = {}
    for prefix, names in (("", list(golds)), ("answerable_", [n for n in golds if answerable[n]]), ("impossible_", [n for n in golds if not answerable[n]])):
        result[prefix + "exact"] = sum(scores[name][0] for name in names) / len(names)
        result[prefix + "f1"] = sum(scores[name][1] for name in names) / len(names)
    for which, name in enumerate(("exact", "f1")):
        value, result[f"best_{name}_threshold"] = best_threshold(answers, {n: pair[which] for n, pair in whole.items()}, odds, answerable)
        result["best_" + name] = value / 100
    return given, result
