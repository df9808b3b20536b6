"""The networks once more, in plain PyTorch, to compare with. Written from He et al. (2016) and Mirzadeh et al. (2020)."""
import math

import torch
from torch import nn
from torch.nn import functional as F

import zoo

VECTOR = 32


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, option):
        super().__init__()
        changes = stride != 1 or inputs != outputs
        downsample = None
        if changes and option == "B":
            downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.pads = outputs // 4 if changes and option == "A" else 0
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if downsample is not None:
            self.downsample = downsample

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        elif self.pads:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pads, self.pads))
        return F.relu(x + y)


class ResNet(nn.Module):
    def __init__(self, depth, widths, option, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        for stage in range(3):
            inputs, outputs, stride = widths[stage], widths[stage + 1], 1 if stage == 0 else 2
            blocks = [Block(inputs, outputs, stride, option)]
            blocks += [Block(outputs, outputs, 1, option) for _ in range((depth - 2) // 6 - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(widths[3], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                out = module.weight.shape[0] * module.weight.shape[2] * module.weight.shape[3]
                nn.init.normal_(module.weight, 0, math.sqrt(2 / out))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Plain(nn.Module):
    """`outline`: widths of convolutions, P for pooling, then F and the widths of the linear layers."""

    def __init__(self, outline):
        super().__init__()
        convs, linears = (part.split() for part in outline.split("F"))
        steps, inputs, side = [], 3, 32
        for word in convs:
            if word == "P":
                steps.append(nn.MaxPool2d(2))
                side //= 2
            else:
                steps += [nn.Conv2d(inputs, int(word), 3, padding=1), nn.BatchNorm2d(int(word)), nn.ReLU()]
                inputs = int(word)
        self.conv_layers = nn.Sequential(*steps)
        steps, inputs = [], inputs * side * side
        for i, word in enumerate(linears):
            steps.append(nn.Linear(inputs, int(word)))
            if i + 1 < len(linears):
                steps.append(nn.ReLU())
            inputs = int(word)
        self.fc_layers = nn.Sequential(*steps)

    def forward(self, x):
        return self.fc_layers(self.conv_layers(x).flatten(1))


PLAIN = {
    ("plane2", 10): "16 P 16 P F 10",
    ("plane4", 10): "16 16 P 32 32 P F 10",
    ("plane6", 10): "16 16 P 32 32 P 64 64 P F 10",
    ("plane8", 10): "16 16 P 32 32 P 64 64 P 128 128 P F 64 10",
    ("plane10", 10): "32 32 P 64 64 P 128 128 P 256 256 256 256 P F 128 10",
    ("plane2", 100): "32 P 32 P F 100",
    ("plane4", 100): "32 32 P 64 64 P F 100",
    ("plane6", 100): "32 32 P 64 64 P 128 128 F 100",
    ("plane8", 100): "32 32 P 64 64 P 128 128 P 256 256 P F 64 100",
    ("plane10", 100): "32 32 P 64 64 P 128 128 P 256 256 256 256 P F 512 100",
}


class Mlp(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(VECTOR, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(self.hidden(x.flatten(1)))


def build(name, classes):
    if name.startswith("mlp"):
        return Mlp(int(name.removeprefix("mlp")), classes)
    if name in zoo.BUILDERS:
        return zoo.BUILDERS[name](classes)
    if name.startswith("plane"):
        return Plain(PLAIN[name, classes])
    depth = name.removeprefix("resnet")
    widths = [32, 64, 128, 256] if depth.endswith("x4") else [16, 16, 32, 64]
    return ResNet(int(depth.removesuffix("x4").removesuffix("a")), widths, "A" if depth.endswith("a") else "B", classes)


def pictures(count):
    """Inputs [count, 3, 32, 32] that need no random numbers."""
    index = torch.arange(count * 3 * 32 * 32, dtype=torch.float64)
    return torch.sin(index * 0.37 + torch.floor(index / 1024)).float().reshape(count, 3, 32, 32)


def inputs(name, count):
    """Pictures, or the first numbers of them for networks of vectors."""
    x = pictures(count)
    return x.flatten(1)[:, :VECTOR, None, None] if name.startswith("mlp") else x
