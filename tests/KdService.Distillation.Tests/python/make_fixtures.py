"""Writes the fixtures that the tests compare with, from PyTorch: python3 make_fixtures.py"""
import copy
import json
import pathlib

import torch
from torch.nn import functional as F

import networks
import zoo

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=None, separators=(",", ":")).replace("},{", "},\n{") + "\n")


def soft_targets(z, y, t, alpha, tau, squared, reduction):
    kl = F.kl_div(F.log_softmax(z / tau, 1), F.softmax(t / tau, 1), reduction=reduction)
    return alpha * (tau**2 if squared else 1) * kl + (1 - alpha) * F.cross_entropy(z, y)


def objectives():
    torch.manual_seed(5)
    cases = []

    def add(objective, loss, batch=6, classes=10, scale=3.0):
        z = (torch.randn(batch, classes) * scale).requires_grad_()
        t = torch.randn(batch, classes) * scale
        y = torch.randint(classes, (batch,))
        value = loss(z, y, t)
        value.backward()
        cases.append({"objective": objective, "logits": z.tolist(), "labels": y.tolist(), "teacher": t.tolist(),
                      "loss": value.item(), "gradient": z.grad.tolist()})

    for eps in (0, 0.1, 0.5):
        add({"name": "cross_entropy", "label_smoothing": eps}, lambda z, y, t: F.cross_entropy(z, y, label_smoothing=eps))
    for reduction, torch_name in (("batch", "batchmean"), ("elements", "mean")):
        for alpha, tau, squared in ((0.9, 4.0, True), (0.5, 1.0, True), (1.0, 20.0, True), (0.0, 4.0, True), (0.3, 2.5, False)):
            add({"name": "kd", "alpha": alpha, "temperature": tau, "temperature_squared": squared, "reduction": reduction},
                lambda z, y, t: soft_targets(z, y, t, alpha, tau, squared, torch_name))
    add({"name": "kd", "alpha": 0.9, "temperature": 4.0, "temperature_squared": True, "reduction": "batch"},
        lambda z, y, t: soft_targets(z, y, t, 0.9, 4.0, True, "batchmean"), batch=3, classes=100)
    add({"name": "kd", "alpha": 0.5, "temperature": 1.0, "temperature_squared": True, "reduction": "batch"},
        lambda z, y, t: soft_targets(z, y, t, 0.5, 1.0, True, "batchmean"), scale=60.0)
    add({"name": "logit_mse", "reduction": "elements"}, lambda z, y, t: F.mse_loss(z, t))
    add({"name": "logit_mse", "reduction": "batch"}, lambda z, y, t: ((z - t) ** 2).sum(1).mean())
    write("objectives.json", cases)


def multiply_adds(net, x):
    """Multiply-accumulates of one sample, counted as the layers run."""
    count = 0

    def add(module, _, output):
        nonlocal count
        count += output[0].numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(add) for module in net.modules() if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear))]
    net(x)
    for hook in hooks:
        hook.remove()
    return count


def network_cases():
    cases = []
    for name, classes in [("resnet8", 10), ("resnet20", 100), ("resnet14a", 10), ("resnet8x4", 10), ("mlp16", 100), ("mlp256", 10), *networks.PLAIN,
                          *((name, 100 if i % 2 else 10) for i, name in enumerate(zoo.BUILDERS))]:
        torch.manual_seed(7)
        net = networks.build(name, classes)
        state = {key: [value.double().sum().item(), value.double().abs().sum().item()] for key, value in net.state_dict().items()}
        x = networks.inputs(name, 2)
        # In double precision: in single, where norms see few pixels, PyTorch itself is off by 4e-5.
        exact = copy.deepcopy(net).double()
        training = exact.train()(x.double())
        training.square().mean().backward()
        gradient = next(exact.parameters()).grad
        with torch.no_grad():
            net.train()(x)
            evaluation = net.eval()(x)
            work = multiply_adds(net, x)
        cases.append({"network": name, "classes": classes, "seed": 7, "parameters": sum(p.numel() for p in net.parameters()), "multiply_adds": work,
                      "state": state, "training": training.tolist(),
                      "gradient": [gradient.sum().item(), gradient.abs().sum().item()], "evaluation": evaluation.tolist()})
    write("networks.json", cases)


objectives()
network_cases()
