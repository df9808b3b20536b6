"""Losses on the features of tokens in PyTorch, in double precision, token by token, without the padding."""
import torch
from torch.nn import functional as F


def pkd(pairs, learned, lengths):
    def first(side):
        return F.normalize(torch.stack([pair[side][:, 0] for pair in pairs], 1), dim=2)

    return F.mse_loss(first(0), first(1))


def attention_scores(pairs, learned, lengths):
    return sum(torch.cat([(s[i, :, :n, :n] - t[i, :, :n, :n]).pow(2).flatten() for i, n in enumerate(lengths)]).mean() for s, t in pairs)


def hidden_states(pairs, learned, lengths):
    def projected(states):
        return states if learned is None else learned(states)

    return sum(torch.cat([(projected(s[i, :n]) - t[i, :n]).pow(2) for i, n in enumerate(lengths)]).mean() for s, t in pairs)


def hidden_cosine(pairs, learned, lengths):
    s, t = (torch.cat([pairs[0][side][i, :n] for i, n in enumerate(lengths)]) for side in (0, 1))
    return F.cosine_embedding_loss(s, t, torch.ones(len(s), dtype=s.dtype))
