"""The networks of RepDistiller's tables once more, in plain PyTorch, to compare with; weights have the names of its checkpoints."""
import math

import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel, stride=1, groups=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=bias)


def he_normal(net, linear_std=None):
    """Draws convolutions anew by their fan out, and linear layers where a deviation is given, in the order of registration."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, math.sqrt(2 / (module.weight.shape[0] * module.weight[0, 0].numel())))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear) and linear_std:
            nn.init.normal_(module.weight, 0, linear_std)
            nn.init.zeros_(module.bias)


def conv_norms(*convs):
    """conv, batch norm, ReLU, conv, batch norm, ..., without a last ReLU."""
    return nn.Sequential(*[step for c in convs for step in (c, nn.BatchNorm2d(c.out_channels), nn.ReLU())][:-1])


class Vgg(nn.Module):
    def __init__(self, blocks, classes):
        super().__init__()
        inputs = 3
        for i, widths in enumerate(blocks):
            self.add_module(f"block{i}", conv_norms(*[conv(a, b, 3, bias=True) for a, b in zip([inputs, *widths], widths)]))
            inputs = widths[-1]
        self.classifier = nn.Linear(inputs, classes)
        he_normal(self, 0.01)

    def forward(self, x):
        for i in range(5):
            x = F.relu(getattr(self, f"block{i}")(x))
            if i < 3:
                x = F.max_pool2d(x, 2)
        return self.classifier(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, outputs, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv(outputs, outputs, 3)
        if inputs != outputs:
            self.convShortcut = conv(inputs, outputs, 1, stride)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        if hasattr(self, "convShortcut"):
            x = self.convShortcut(y)
        return x + self.conv2(F.relu(self.bn2(self.conv1(y))))


class WideStage(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, widening, classes):
        super().__init__()
        widths = [16, 16 * widening, 32 * widening, 64 * widening]
        self.conv1 = conv(3, 16, 3)
        for i in (1, 2, 3):
            blocks = [WideBlock(widths[i - 1], widths[i], 1 if i == 1 else 2)]
            blocks += [WideBlock(widths[i], widths[i], 1) for _ in range((depth - 4) // 6 - 1)]
            self.add_module(f"block{i}", WideStage(*blocks))
        self.bn1 = nn.BatchNorm2d(widths[3])
        self.fc = nn.Linear(widths[3], classes)
        he_normal(self)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        self.shortcut = nn.Sequential() if inputs == 4 * width else conv_norms(conv(inputs, 4 * width, 1, stride))[:2]

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class ResNet50(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 3), nn.BatchNorm2d(64)
        inputs = 64
        for i, (width, blocks) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3))):
            stage = [Bottleneck(inputs, width, 1 if i == 0 else 2)] + [Bottleneck(4 * width, width, 1) for _ in range(blocks - 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*stage))
            inputs = 4 * width
        self.linear = nn.Linear(inputs, classes)
        he_normal(self)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        self.conv = conv_norms(conv(inputs, inner, 1), conv(inner, inner, 3, stride, inner), conv(inner, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = conv_norms(conv(3, 16, 3, 2))
        stages, inputs = [], 16
        for t, outputs, count, stride in [(1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1)]:
            blocks = [Inverted(inputs, outputs, stride, t)] + [Inverted(outputs, outputs, 1, t) for _ in range(count - 1)]
            stages.append(nn.Sequential(*blocks))
            inputs = outputs
        self.blocks = nn.Sequential(*stages)
        self.conv2 = conv_norms(conv(160, 1280, 1))
        self.classifier = nn.Sequential(nn.Linear(1280, classes))
        he_normal(self, 0.01)

    def forward(self, x):
        x = F.relu(self.conv2(self.blocks(F.relu(self.conv1(x)))))
        return self.classifier(x.mean((2, 3)))


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, inputs, outputs, halves):
        super().__init__()
        self.halves, self.groups = halves, 1 if inputs == 24 else 3
        outputs -= inputs if halves else 0
        inner = outputs // 4
        self.conv1, self.bn1 = conv(inputs, inner, 1, groups=self.groups), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = conv(inner, inner, 3, 2 if halves else 1, inner), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = conv(inner, outputs, 1, groups=3), nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = shuffle(F.relu(self.bn1(self.conv1(x))), self.groups)
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(torch.cat([y, F.avg_pool2d(x, 3, 2, 1)], 1) if self.halves else y + x)


class ShuffleUnitV2(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.half = half = width // 2
        self.conv1, self.bn1 = conv(half, half, 1), nn.BatchNorm2d(half)
        self.conv2, self.bn2 = conv(half, half, 3, groups=half), nn.BatchNorm2d(half)
        self.conv3, self.bn3 = conv(half, half, 1), nn.BatchNorm2d(half)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x[:, self.half:])))))
        return shuffle(torch.cat([x[:, :self.half], F.relu(self.bn3(self.conv3(y)))], 1), 2)


class ShuffleDownV2(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        half = width // 2
        self.conv1, self.bn1 = conv(inputs, inputs, 3, 2, inputs), nn.BatchNorm2d(inputs)
        self.conv2, self.bn2 = conv(inputs, half, 1), nn.BatchNorm2d(half)
        self.conv3, self.bn3 = conv(inputs, half, 1), nn.BatchNorm2d(half)
        self.conv4, self.bn4 = conv(half, half, 3, 2, half), nn.BatchNorm2d(half)
        self.conv5, self.bn5 = conv(half, half, 1), nn.BatchNorm2d(half)

    def forward(self, x):
        left = F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))
        right = self.bn4(self.conv4(F.relu(self.bn3(self.conv3(x)))))
        return shuffle(torch.cat([left, F.relu(self.bn5(self.conv5(right)))], 1), 2)


class ShuffleNet(nn.Module):
    def __init__(self, version, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 24, 1), nn.BatchNorm2d(24)
        inputs = 24
        for i, (width, count) in enumerate(zip((240, 480, 960) if version == 1 else (116, 232, 464), (4, 8, 4))):
            blocks = [ShuffleUnit(inputs, width, True) if version == 1 else ShuffleDownV2(inputs, width)]
            blocks += [ShuffleUnit(width, width, False) if version == 1 else ShuffleUnitV2(width) for _ in range(count - 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
            inputs = width
        if version == 2:
            self.conv2, self.bn2 = conv(inputs, 1024, 1), nn.BatchNorm2d(1024)
            inputs = 1024
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        if hasattr(self, "conv2"):
            x = F.relu(self.bn2(self.conv2(x)))
        return self.linear(x.mean((2, 3)))


BUILDERS = {
    "vgg8": lambda classes: Vgg([[64], [128], [256], [512], [512]], classes),
    "vgg11": lambda classes: Vgg([[64], [128], [256, 256], [512, 512], [512, 512]], classes),
    "vgg13": lambda classes: Vgg([[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]], classes),
    "wrn16_1": lambda classes: WideResNet(16, 1, classes),
    "wrn16_2": lambda classes: WideResNet(16, 2, classes),
    "wrn40_1": lambda classes: WideResNet(40, 1, classes),
    "wrn40_2": lambda classes: WideResNet(40, 2, classes),
    "resnet50": ResNet50,
    "mobilenetv2": MobileNetV2,
    "shufflenetv1": lambda classes: ShuffleNet(1, classes),
    "shufflenetv2": lambda classes: ShuffleNet(2, classes),
}
