"""WordPiece as its definition reads, pass by pass, with the origin of every character: what the tests compare with."""
import unicodedata

CHINESE = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
           (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


def is_chinese(c):
    return any(low <= ord(c) <= high for low, high in CHINESE)


def is_punctuation(c):
    return (33 <= ord(c) <= 47 or 58 <= ord(c) <= 64 or 91 <= ord(c) <= 96 or 123 <= ord(c) <= 126
            or unicodedata.category(c).startswith("P"))


def clean(chars):
    for c, origin in chars:
        control = c not in "\t\n\r" and unicodedata.category(c).startswith("C")
        if ord(c) in (0, 0xFFFD) or control:
            continue
        yield (" " if c.isspace() else c), origin


def split(chars, parts):
    """Words between white space; characters for which `parts` holds are words of their own."""
    words, word = [], []
    for c, origin in chars:
        if c == " " or parts(c):
            words += [word] * bool(word)
            word = []
            if c != " ":
                words.append([(c, origin)])
        else:
            word.append((c, origin))
    return words + [word] * bool(word)


def lower(word):
    text = "".join(c for c, _ in word)
    origins = [origin for c, origin in word for _ in c.lower()]
    return list(zip(text.lower(), origins, strict=True))


def strip_accents(word):
    stripped = [(d, origin) for c, origin in word for d in unicodedata.normalize("NFD", c) if unicodedata.category(d) != "Mn"]
    whole = [d for d in unicodedata.normalize("NFD", "".join(c for c, _ in word)) if unicodedata.category(d) != "Mn"]
    assert [d for d, _ in stripped] == whole
    return stripped


def pieces(word, vocabulary):
    text = "".join(c for c, _ in word)
    if len(text) > 100:
        return [("[UNK]", word[0][1], word[-1][1] + 1)]
    found, start = [], 0
    while start < len(text):
        end = len(text)
        while end > start and ("##" if start else "") + text[start:end] not in vocabulary:
            end -= 1
        if end == start:
            return [("[UNK]", word[0][1], word[-1][1] + 1)]
        found.append((("##" if start else "") + text[start:end], word[start][1], word[end - 1][1] + 1))
        start = end
    return found


def tokenize(text, vocabulary, uncased=True, strip=None):
    """(token, first character, character after the last) of a text without special tokens."""
    result = []
    for word in split(clean((c, i) for i, c in enumerate(text)), is_chinese):
        if uncased:
            word = lower(word)
        if strip if strip is not None else uncased:
            word = strip_accents(word)
        for part in split(word, is_punctuation):
            result += pieces(part, vocabulary)
    return result
