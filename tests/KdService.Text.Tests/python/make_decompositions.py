"""Writes src/KdService.Text/Tokenizers/decompositions.txt from Python's Unicode tables: python3 make_decompositions.py"""
import pathlib
import unicodedata

TABLE = pathlib.Path(__file__).parents[3] / "src/KdService.Text/Tokenizers/decompositions.txt"


def main():
    lines = [f"# Canonical decompositions (Unicode {unicodedata.unidata_version}, NFD) without their nonspacing marks: "
             "a character, then what is left of it. Hangul syllables are not here.",
             "# Written by tests/KdService.Text.Tests/python/make_decompositions.py."]
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code <= 0xD7A3:
            continue
        whole = unicodedata.normalize("NFD", chr(code))
        if whole != chr(code):
            bases = [ord(c) for c in whole if unicodedata.category(c) != "Mn"]
            lines.append(" ".join(f"{c:04X}" for c in [code, *bases]))
    TABLE.write_text("\n".join(lines) + "\n")


main()
