"""Megabytes of UTF-8 a minute through WordPiece as its definition reads, in plain Python: plain.py VOCABULARY LINES FILE..."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "KdService.Text.Tests/python"))
import word_piece  # noqa: E402

vocabulary = set(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n"))
texts = [line.rstrip("\r\n") for name in sys.argv[3:] for line in open(name, encoding="utf-8", newline="\n")]
texts = texts[::max(1, len(texts) // int(sys.argv[2]))]
size = sum(len(text.encode()) for text in texts)
start = time.perf_counter()
tokens = sum(len(word_piece.tokenize(text, vocabulary)) + 2 for text in texts)
elapsed = time.perf_counter() - start
print(f"{size / 1e6 / elapsed * 60:.0f} MB/min; {tokens} tokens in {len(texts)} texts of {size / 1e6:.1f} MB")
