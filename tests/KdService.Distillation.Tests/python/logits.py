"""Loads a safetensors file into a PyTorch network and prints its logits as JSON: python3 logits.py FILE NETWORK CLASSES COUNT"""
import json
import struct
import sys

import torch

import networks

TYPES = {"F32": torch.float32, "I64": torch.int64}

path, name, classes, count = sys.argv[1:]
with open(path, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = bytearray(file.read())
header.pop("__metadata__", None)
state = {}
for key, entry in header.items():
    begin, end = entry["data_offsets"]
    state[key] = torch.frombuffer(data[begin:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
net = networks.build(name, int(classes))
net.load_state_dict(state, strict=True)
with torch.no_grad():
    print(json.dumps(net.eval()(networks.pictures(int(count))).tolist()))
