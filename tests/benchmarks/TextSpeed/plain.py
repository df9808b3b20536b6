"""Training and evaluation speed of a BERT in PyTorch as one writes it first. Usage: plain.py NETWORK THREADS SECONDS LENGTH"""
import sys
import time

import torch
import torch.nn.functional as F

from bert import SIZES, VOCABULARY, Bert

BATCH = 32
name, threads, seconds, length = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = Bert(*SIZES[name])
optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.01)
attention = torch.arange(length)[None] < torch.linspace(length / 2, length, BATCH).round()[:, None]
ids = torch.randint(1000, VOCABULARY, (BATCH, length)) * attention
segments = torch.zeros_like(ids)
labels = torch.randint(0, 2, (BATCH,))


def train():
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(ids, segments, attention), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate():
    with torch.no_grad():
        return model(ids, segments, attention).sum().item()


def measure(step):
    for _ in range(3):
        step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds / 2:
        step()
        steps += 1
    return steps / (time.perf_counter() - start)


training = measure(train)
model.eval()
print(f"{training:.3f} {measure(evaluate):.3f} steps/s")
