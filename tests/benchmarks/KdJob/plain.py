"""A kd job as one writes it first in PyTorch: the teacher runs on every batch.

Usage: plain.py WORKFOLDER, which KdJob made: the same networks, weights of the teacher, numbers of pictures, batches, epochs and
evaluations. The pictures are random bytes. Cropping and flipping work on whole batches, which is faster than picture by picture.
"""
import json
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "KdService.Distillation.Tests" / "python"))
import networks

folder = pathlib.Path(sys.argv[1])
request = json.loads((folder / "run.json").read_text())
plan = request["plan"]
stage = plan["stages"][0]
torch.set_num_threads(request["threads"])
torch.manual_seed(1)


def load(network, path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    types = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            data = bytearray(raw[8 + length + begin : 8 + length + end])
            state[name] = torch.frombuffer(data, dtype=types[entry["dtype"]]).reshape(entry["shape"])
    network.load_state_dict(state)
    return network.eval()


def pictures(count):
    return torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8), torch.randint(0, 10, (count,))


def normalised(images):
    return (images.float() / 255 - 0.5) / 0.25


def augmented(images):
    padded = F.pad(images, (4, 4, 4, 4))
    top, left = torch.randint(0, 9, (2,)).tolist()
    cropped = padded[:, :, top : top + 32, left : left + 32]
    flip = torch.rand(len(images), 1, 1, 1) < 0.5
    return torch.where(flip, cropped.flip(3), cropped)


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        hits = sum((network(normalised(x)).argmax(1) == y).sum().item() for x, y in zip(images.split(256), labels.split(256)))
    return hits / len(images)


samples = plan["dataset"]["samples"]
held = int(samples * 0.1)
train, selection, test = pictures(samples - held), pictures(held), pictures(plan["dataset"]["test_samples"])
teacher = load(networks.build(plan["models"][0]["architecture"], 10), folder / "teacher.safetensors")
student = networks.build("resnet8", 10)
optimizer = torch.optim.SGD(student.parameters(), stage["optimizer"]["learning_rate"], momentum=0.9, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [stage["epochs"] // 2, stage["epochs"] * 3 // 4])
alpha, tau = stage["objective"]["alpha"], stage["objective"]["temperature"]
for epoch in range(stage["epochs"]):
    student.train()
    order = torch.randperm(len(train[0]))
    for batch in order.split(stage["batch_size"]):
        images, labels = normalised(augmented(train[0][batch])), train[1][batch]
        with torch.no_grad():
            taught = teacher(images)
        logits = student(images)
        soft = F.kl_div(F.log_softmax(logits / tau, 1), F.softmax(taught / tau, 1), reduction="batchmean")
        loss = alpha * tau**2 * soft + (1 - alpha) * F.cross_entropy(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    schedule.step()
    accuracy(student, *selection)
print(f"test accuracy {accuracy(student, *test):.3f}, teacher's {accuracy(teacher, *test):.3f}")
