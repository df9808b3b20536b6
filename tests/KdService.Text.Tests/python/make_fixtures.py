"""Writes the fixtures that the tests compare with, from the standard library alone: python3 make_fixtures.py [BERT-BASE-UNCASED-VOCAB]"""
import json
import pathlib
import random
import statistics
import sys

import byte_pairs
import metrics
import squad
import word_piece

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "", " ", "\n\t \r", "The quick brown fox jumps over the lazy dog.", "UNwant\u00e9d,running", "it 's a charming and often affecting journey .",
    "don't we'll they've I'm you're he'd it's 'tis rock'n'roll", "  two  spaces \n\n and lines\n", "e\u0301\u0302 na\u00efve re\u0301sume\u0301 \u01d8 \u1e69 \u0344",
    "\u0130stanbul \u0130\u0130 \u0131 \u1e9e \u00df \u01c5 \u03a3 \u039f\u0394\u039f\u03a3 \u03a3\u03a3 \u0391\u03a3\u2019\u0391 \u0391\u03a3. \u0391\u03a3\u00adB \u0391\u03a3\u0301 A\u03a3\x00b",
    "\u535a\u63a8 ah\u535a\u63a8zz \u3042\u30ab\u30bf\u30ca \ud55c\uad6d\uc5b4 \uf900\U0002f800 \U00020000x", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0939\u093f\u0928\u094d\u0926\u0940 \u0b95\u0bcd\u0bb7",
    "\U0001f600 ok\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f", "a\u200bb\u200cc\u200dd\ufeffe\u2060f", "x\x00y\x01z\x7fw\x0b\x0cv\x85u \ufffd",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u202b\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd\u202c", "a\u00a0b\u2003c\u2028d\u2029e\u3000f\u1680g",
    "$5 ^caret` ~tilde <tag> \u20ac5 \u00bfqu\u00e9? \u00a1s\u00ed! \u201cquotes\u201d \u2014 dash\u2026 \u00a7 \u00b6", "1,234.56 \u00bd \u2167 \u0664\u0665 x\u00b2 \u2460",
    "a" * 100, "a" * 101, "A" * 99 + "\u00c9", "B" * 100 + "\u00c9", "\u00e9" * 101, "x" + "y" * 300 + " end", "\u037e \u1fef \u0387 \u212b \u212a \u2126",
    "lone \ud83d high", "low \ude00 alone", "pair \U0001f600 end\ud800", "\U00010400\U00010428 \U0001d400", "A\u030a\u0327b\u0327\u030a", "\u13a0\uab70 \u1c90\u10d0 \ua64a",
    "\ue000private\uf8ff \u0378unassigned", "https://example.org/a_b?c=d&e=%20#f user@example.com", "\u0345 \u1fb3 \u1f80 \u1f88", "tab\there\r\nand there", "I\u0307 \u00cc \u0128 \u012e\u0301",
]
PARTS = ["a", "E", "s", "t", "Z", "ing", "the", " ", " ", "  ", "\n", "'s", "'ll", ".", ",", "!", "7", "42", "\u00e9", "\u00c5", "\u0301", "\u0130", "\u03a3", "\u03b1", "\u4e2d", "\u65e5",
         "\ud55c", "\U0001f600", "\u200b", "\x00", "\ufffd", "\u2019", "\u00a0", "\u0645", "\u0939\u093f", "\U0001d400", "\u00df", "_", "$", "\ud800", "\u2028", "\x1f", "\u00bd"]


def units(text):
    """UTF-16 in hexadecimal: lone surrogates do not pass through JSON."""
    return text.encode("utf-16-be", "surrogatepass").hex()


def in_units(text, found):
    """Offsets in UTF-16 units instead of characters."""
    at = [0]
    for c in text:
        at.append(at[-1] + (2 if ord(c) > 0xFFFF else 1))
    return [[token, at[start], at[end]] for token, start, end in found]


def texts():
    generator = random.Random(5)
    # Two parts may make one character of two surrogates, in UTF-16 alone.
    mixed = ["".join(generator.choices(PARTS, k=generator.randint(1, 14))) for _ in range(150)]
    return TEXTS + mixed


def small_vocabulary():
    """Every second character of the texts, some words and endings; so that words are whole, in pieces, or unknown."""
    seen = set()
    for text in texts():
        for uncased, strip in ((True, None), (True, False), (False, None), (False, True)):
            word_piece.tokenize(text, Everything(seen), uncased, strip)
    alphabet = sorted(c for c in seen if not 0xD800 <= ord(c) < 0xE000)
    kept = [c for n, c in enumerate(alphabet) if n % 7 != 3 or c.isascii()]
    words = ["the", "quick", "brown", "un", "##want", "##ed", "runn", "##ing", "na", "##ive", "it", "a" * 20, "##" + "a" * 30]
    return SPECIAL + words + kept + ["##" + c for c in kept]


class Everything(set):
    """A vocabulary that has every single character, and remembers which were asked for."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def __contains__(self, token):
        character = token.removeprefix("##")
        if len(character) != 1:
            return False
        self.seen.add(character)
        return True


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("},{", "},\n{") + "\n")


def word_pieces(real):
    vocabulary = small_vocabulary()
    known = set(vocabulary)
    cases = [{
        "text": units(text),
        "uncased": in_units(text, word_piece.tokenize(text, known)),
        "cased": in_units(text, word_piece.tokenize(text, known, uncased=False)),
        "accented": in_units(text, word_piece.tokenize(text, known, strip=False)),
        "plain": in_units(text, word_piece.tokenize(text, known, uncased=False, strip=True)),
        **({"real": [token for token, _, _ in word_piece.tokenize(text, real)]} if real else {}),
    } for text in texts()]
    write("word_pieces.json", {"vocabulary": vocabulary, "cases": cases})


def bytes_and_pairs():
    prose = " ".join(text for text in TEXTS if "\x00" not in text and all(not 0xD800 <= ord(c) < 0xE000 for c in text)) * 2
    merges = byte_pairs.learn(prose, 200)
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *(byte_pairs.LETTERS[b] for b in range(256)), *dict.fromkeys(a + b for a, b in merges), "<mask>"]
    # Parts of half a surrogate pair each would join in UTF-16.
    cases = [{"text": units(text), "plain": byte_pairs.tokenize(text, merges), "prefixed": byte_pairs.tokenize(text, merges, prefix=True)} for text in texts()]
    write("byte_pairs.json", {"vocabulary": vocabulary, "merges": [" ".join(pair) for pair in merges], "cases": cases})


def measures():
    generator = random.Random(7)
    classes = []
    for count, kinds in [(1, 2), (2, 2), (7, 2), (50, 2), (200, 2), (60, 3), (200, 5)]:
        labels = [generator.randrange(kinds) for _ in range(count)]
        predicted = [label if generator.random() < 0.6 else generator.randrange(kinds) for label in labels]
        classes.append({"predicted": predicted, "labels": labels, "accuracy": statistics.fmean(p == t for p, t in zip(predicted, labels)),
                        "f1": metrics.f1(predicted, labels, 1), "matthews": metrics.matthews(predicted, labels)})
    scores = []
    for count, levels in [(2, 100), (10, 3), (50, 6), (100, 1000)]:
        truth = [generator.randrange(levels) / 4 for _ in range(count)]
        truth[:2] = [0.0, 1.0]
        predicted = [round(value + generator.gauss(0, 1), 1) for value in truth]
        scores.append({"predicted": predicted, "scores": truth, "pearson": statistics.correlation(predicted, truth),
                       "spearman": statistics.correlation(metrics.ranks(predicted), metrics.ranks(truth))})
    write("metrics.json", {"classes": classes, "scores": scores, "squad": answers(generator)})


def answers(generator):
    odd = ["The  Cat's pyjamas!", "a an the", "theatre", "an A-team; the_end", "\u00c9cole the\u00e9 \u03a3\u0391\u03a3", "a\u0301 b", "\u201cquoted\u201d \u2014 a dash", "", "   ", "1,000", "$1000",
           "the\u0301 x", "\u00b2a a\u00b2", "\u4e2da the\u4e2d a", "x\u3000y\u00a0the\u2003z\x1cw", "\u0130 a", "24\u201310", "co-op a.b.c"]
    words = ["the", "a", "Denver", "Broncos", "Carolina", "Panthers,", "24\u201310", "in", "2015", "an", "Levi's", "Stadium."]
    questions = {str(n): [" ".join(generator.choices(words, k=generator.randint(1, 5))) for _ in range(generator.randint(0, 3))] for n in range(60)}
    questions["60"] = ["the"]
    predictions = {n: "" if generator.random() < 0.2 else generator.choice(golds) if golds and generator.random() < 0.5 else " ".join(generator.choices(words, k=generator.randint(1, 5)))
                   for n, golds in questions.items()}
    odds = {n: round(generator.gauss(1 if not golds else -1, 1.5), 3) for n, golds in questions.items()}
    golden = {n: golds for n, golds in questions.items() if golds}
    scores, plain = metrics.squad(questions, predictions, True), metrics.squad(golden, predictions, False)
    return {"normalised": [[text, metrics.normalise(text)] for text in odd], "questions": questions, "predictions": predictions, "odds": odds,
            "first": list(plain.values()), "second": list(scores.values()),
            "best": [metrics.best(questions, predictions, odds, scores, which) for which in (0, 1)]}


def decoded():
    """Questions whose words are single letters, with logits of every window: what run_squad.py writes and the official evaluation says of it."""
    generator, letters = random.Random(11), "abcdefghijklmnopqrstuvwxyz"
    length, stride, longest_question, n_best, longest_answer, threshold = 16, 4, 3, 8, 4, -2.0
    questions, golds, answers, odds = [], {}, {}, {}
    for number in range(60):
        name, question = f"q{number}", generator.choices(letters, k=generator.randint(1, 5))
        # Words that come again make answers with the same words.
        context = generator.choices(letters[:generator.randint(6, 26)], k=generator.randint(2, 40))
        first = generator.randrange(len(context))
        answer = None if number % 3 == 2 else (first, min(len(context) - 1, first + generator.randrange(3)))
        kept = question[:longest_question]
        spans = squad.windows(question, context, length, stride, longest_question)
        targets = [squad.target(window, len(kept) + 2, answer) for window in spans]
        logits = []
        for (_, count), right in zip(spans, targets):
            size, sure = len(kept) + 3 + count, generator.choice([0, 0, 4, 6])
            # Numbers that are the same in 32 bits, and no two of them alike.
            start, end = ([generator.randrange(-2 ** 19, 2 ** 19) / 2 ** 18 for _ in range(size)] for _ in range(2))
            start[right[0]] += sure
            end[right[1]] += sure
            logits.append([start, end])
        golds[name] = [] if answer is None else [" ".join(context[answer[0]:answer[1] + 1])]
        plain, first_version, _ = squad.decode(kept, context, spans, logits, n_best, longest_answer, False)
        answers[name], second_version, odds[name] = squad.decode(kept, context, spans, logits, n_best, longest_answer, True)
        questions.append({"id": name, "question": " ".join(question), "context": " ".join(context), "answer": golds[name], "start": None if answer is None else 2 * answer[0],
                          "targets": targets, "logits": logits, "plain": plain, "first": first_version, "second": second_version, "odds": odds[name]})
    given, result = squad.evaluate(golds, answers, odds, threshold)
    write("squad.json", {"length": length, "stride": stride, "longest_question": longest_question, "n_best": n_best, "longest_answer": longest_answer, "threshold": threshold,
                         "questions": questions, "given": given, "result": result})


def main():
    real = None
    if len(sys.argv) > 1:
        real = set(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n"))
    word_pieces(real)
    bytes_and_pairs()
    measures()
    decoded()


main()
