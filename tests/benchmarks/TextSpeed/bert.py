"""A BERT in PyTorch as one writes it first: the computation of transformers' BertForSequenceClassification, which is not needed for it."""
import math

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"bert-tiny": (2, 128), "bert-mini": (4, 256), "bert-small": (4, 512), "bert-medium": (8, 512), "bert-base": (12, 768)}
VOCABULARY, HEAD = 30_522, 64


class Layer(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.heads = hidden // HEAD
        self.query, self.key, self.value, self.attended = (nn.Linear(hidden, hidden) for _ in range(4))
        self.widen, self.narrow = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.attention_norm, self.output_norm = nn.LayerNorm(hidden, 1e-12), nn.LayerNorm(hidden, 1e-12)
        self.dropout = nn.Dropout(0.1)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, HEAD).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(HEAD) + mask
        weights = self.dropout(F.softmax(scores, dim=-1))
        context = torch.matmul(weights, value).permute(0, 2, 1, 3).contiguous().view(x.shape)
        x = self.attention_norm(self.dropout(self.attended(context)) + x)
        return self.output_norm(self.dropout(self.narrow(F.gelu(self.widen(x)))) + x)


class Bert(nn.Module):
    def __init__(self, layers, hidden):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, hidden, padding_idx=0)
        self.positions, self.segments = nn.Embedding(512, hidden), nn.Embedding(2, hidden)
        self.norm, self.dropout = nn.LayerNorm(hidden, 1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer(hidden) for _ in range(layers))
        self.pooler, self.classifier = nn.Linear(hidden, hidden), nn.Linear(hidden, 2)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0, 0.02)

    def forward(self, ids, segments, attention):
        mask = (1.0 - attention[:, None, None, :].float()) * torch.finfo(torch.float32).min
        x = self.words(ids) + self.segments(segments) + self.positions(torch.arange(ids.shape[1]).unsqueeze(0))
        x = self.dropout(self.norm(x))
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(self.dropout(torch.tanh(self.pooler(x[:, 0]))))
