"""Texts a second that a BERT in PyTorch classifies, in the order of their file. Usage: plain.py NETWORK THREADS SECONDS TEXTS PADDING

TEXTS has a JSON list of token ids a line. PADDING is longest (of each batch) or a number of tokens.
"""
import json
import pathlib
import sys
import time

import torch

sys.path.append(str(pathlib.Path(__file__).parent.parent / "TextSpeed"))
from bert import SIZES, Bert  # noqa: E402

BATCH = 32
name, threads, seconds, file, padding = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]
torch.set_num_threads(threads)
torch.manual_seed(1)
model = Bert(*SIZES[name]).eval()
with open(file) as lines:
    texts = [json.loads(line) for line in lines]


def evaluate():
    answers = []
    with torch.no_grad():
        for start in range(0, len(texts), BATCH):
            batch = texts[start:start + BATCH]
            length = max(map(len, batch)) if padding == "longest" else int(padding)
            ids = torch.tensor([text + [0] * (length - len(text)) for text in batch])
            attention = torch.tensor([[True] * len(text) + [False] * (length - len(text)) for text in batch])
            answers.append(model(ids, torch.zeros_like(ids), attention).argmax(1))
    return torch.cat(answers)


evaluate()
passes, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    evaluate()
    passes += 1
print(f"{passes * len(texts) / (time.perf_counter() - start):.2f} texts/s")
