"""FGSM and PGD on pixels from 0 to 1, written from the papers, for one picture at a time."""
import torch
from torch.nn import functional as F


def gradient(network, picture, label):
    picture = picture.clone().requires_grad_()
    F.cross_entropy(network(picture[None]), torch.tensor([label])).backward()
    return picture.grad


def project(picture, changed, norm, epsilon):
    change = changed - picture
    if norm == "linf":
        change = change.clamp(-epsilon, epsilon)
    elif change.norm() > epsilon:
        change = change * epsilon / change.norm()
    return (picture + change).clamp(0, 1)


def attack(network, picture, label, norm, epsilon, steps, step_size):
    """The changed picture, and how many forward passes it took; a picture that the network errs about stays as it is."""
    changed, passes = picture, 1
    for _ in range(steps):
        passes += 1
        with torch.no_grad():
            if network(changed[None]).argmax(1).item() != label:
                return changed, passes
        step = gradient(network, changed, label)
        step = step.sign() if norm == "linf" else step / step.norm()
        changed = project(picture, changed + step_size * step, norm, epsilon)
    return changed, passes + 1
