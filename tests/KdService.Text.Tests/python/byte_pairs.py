"""Byte-level BPE as its definition reads: what the tests compare with."""
import re
import sys
import unicodedata

PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
LETTERS = {b: chr(b) for b in PRINTABLE} | {b: chr(256 + n) for n, b in enumerate(sorted(set(range(256)) - set(PRINTABLE)))}


def characters(condition):
    """A regular expression's class of all characters for which a condition holds."""
    found, start = [], None
    for code in range(sys.maxunicode + 2):
        holds = code <= sys.maxunicode and condition(chr(code))
        if holds and start is None:
            start = code
        if not holds and start is not None:
            found.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(found)


LETTER = characters(lambda c: unicodedata.category(c)[0] == "L")
NUMBER = characters(lambda c: unicodedata.category(c)[0] == "N")
SPACE = characters(lambda c: c in "\t\n\v\f\r\x85" or unicodedata.category(c)[0] == "Z")
WORDS = re.compile(f"'s|'t|'re|'ve|'m|'ll|'d| ?[{LETTER}]+| ?[{NUMBER}]+| ?[^{SPACE}{LETTER}{NUMBER}]+|[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+")


def spell(word):
    return [LETTERS[b] for b in word.encode("utf-8", "surrogatepass")]


def merge(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        joins = tuple(symbols[i:i + 2]) == pair
        merged.append("".join(pair) if joins else symbols[i])
        i += 2 if joins else 1
    return merged


def learn(text, count):
    words, merges = [spell(word) for word in WORDS.findall(text)], []
    for _ in range(count):
        pairs = {}
        for word in words:
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + 1
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = [merge(word, best) for word in words]
    return merges


def tokenize(text, merges, prefix=False):
    if prefix and text and not re.match(f"[{SPACE}]", text):
        text = " " + text
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    ranks, result = {pair: rank for rank, pair in enumerate(merges)}, []
    for word in WORDS.findall(text):
        symbols = spell(word)
        while True:
            known = [pair for pair in zip(symbols, symbols[1:]) if pair in ranks]
            if not known:
                break
            symbols = merge(symbols, min(known, key=ranks.get))
        result += symbols
    return result
