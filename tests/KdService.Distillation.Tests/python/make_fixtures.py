"""Writes the fixtures that the tests compare with, from PyTorch: python3 make_fixtures.py"""
import copy
import json
import pathlib

import torch
from torch.nn import functional as F

import attacks
import features
import networks
import zoo
from logit_losses import (continuation, decoupled, dist, partial, pt_target, sim_target, split_target, standardised_targets,
                          top_target)

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures"


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=None, separators=(",", ":")).replace("},{", "},\n{") + "\n")


def soft_targets(z, y, t, alpha, tau, squared, reduction):
    kl = F.kl_div(F.log_softmax(z / tau, 1), F.softmax(t / tau, 1), reduction=reduction)
    return alpha * (tau**2 if squared else 1) * kl + (1 - alpha) * F.cross_entropy(z, y)


def objectives():
    torch.manual_seed(5)
    cases = []

    def add(objective, loss, batch=6, classes=10, scale=3.0, **setting):
        z = (torch.randn(batch, classes) * scale).requires_grad_()
        t = torch.randn(batch, classes) * scale
        y = torch.randint(classes, (batch,))
        value = loss(z, y, t)
        value.backward()
        cases.append({"objective": objective, "logits": z.tolist(), "labels": y.tolist(), "teacher": t.tolist(),
                      "loss": value.item(), "gradient": z.grad.tolist(), **setting})

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
    for tau, alpha in ((2.0, 0.9), (4.0, 1.0)):
        add({"name": "kd", "alpha": alpha, "temperature": tau, "standardise": True}, lambda z, y, t: standardised_targets(z, y, t, alpha, tau))
    # 20 epochs, linear: psi 3/15 after two of them; a step: psi 0; the last third of linear_to_half: psi 1.
    for psi, epoch, schedule, factor, margin in ((0.2, 2, "linear", 0.15, 40.0), (0.0, 9, "step", 0.5, 0.0), (1.0, 13, "linear_to_half", 0.9, 5.0)):
        add({"name": "continuation", "margin": margin, "psi": schedule, "reduction": "batch"},
            lambda z, y, t: continuation(z, y, t, psi, factor, margin), epoch=epoch, epochs=20, factor=factor)
    for alpha, beta, tau, standardise in ((1.0, 8.0, 4.0, False), (0.5, 0.0, 1.0, False), (0.0, 2.0, 2.0, True)):
        add({"name": "dkd", "alpha": alpha, "beta": beta, "temperature": tau, "standardise": standardise},
            lambda z, y, t: decoupled(z, y, t, alpha, beta, tau, standardise))
    add({"name": "dkd", "alpha": 1, "beta": 8, "temperature": 4}, lambda z, y, t: decoupled(z, y, t, 1, 8, 4), batch=3, classes=100)
    for inter, intra, tau, standardise in ((1.0, 1.0, 4.0, False), (2.0, 0.0, 1.0, False), (0.0, 0.5, 1.0, False), (1.0, 1.0, 1.0, True)):
        add({"name": "dist", "inter": inter, "intra": intra, "temperature": tau, "standardise": standardise},
            lambda z, y, t: dist(z, y, t, inter, intra, tau, standardise))
    for tau, squared, alpha, standardise in ((4.0, True, 0.9, False), (1.0, False, 1.0, False), (2.0, False, 0.5, True)):
        for name, options, target in (("kd_pt", {}, pt_target),
                                      ("kd_sim", {"sharpness": 3.0}, lambda p, label: sim_target(p, label, 3.0)),
                                      ("kd_pt_sim", {"sharpness": 3.0}, lambda p, label: split_target(p, label, 3.0)),
                                      ("kd_pt_sim", {"sharpness": 3.0, "combination": "mix", "mix": 0.3},
                                       lambda p, label: 0.3 * sim_target(p, label, 3.0) + 0.7 * pt_target(p, label)),
                                      ("kd_topk", {"top_k": 4}, lambda p, label: top_target(p, label, 4)),
                                      ("kd_topk", {}, lambda p, label: top_target(p, label, 3))):
            add({"name": name, "alpha": alpha, "temperature": tau, "temperature_squared": squared, "standardise": standardise, **options},
                lambda z, y, t: partial(z, y, t, alpha, tau, squared, target, standardise))
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


def attack_cases():
    torch.manual_seed(11)
    first, second = torch.randn(48, 8) / 3, torch.randn(8, 3)
    pixels = torch.rand(8, 3, 4, 4)

    def network(pictures):
        return ((pictures - 0.42) / 0.24).flatten(1).mm(first).tanh().mm(second)

    labels = network(pixels).argmax(1)
    cases = []
    for norm, epsilon, steps, step_size in (("linf", 8, 1, 8), ("l2", 128, 1, 128), ("linf", 8, 7, 2), ("linf", 20, 5, 10), ("l2", 60, 4, 25)):
        attacked = [attacks.attack(network, picture, label.item(), norm, epsilon / 255, steps, step_size / 255) for picture, label in zip(pixels, labels)]
        cases.append({"norm": norm, "epsilon": epsilon, "steps": steps, "step_size": step_size,
                      "changed": torch.stack([picture for picture, _ in attacked]).flatten().tolist(), "passes": [passes for _, passes in attacked]})
    write("attacks.json", {"first": first.tolist(), "second": second.tolist(), "pixels": pixels.flatten().tolist(), "labels": labels.tolist(), "cases": cases})


objectives()
network_cases()
attack_cases()
write("features.json", features.cases())
