"""Reads safetensors files with what Python has."""
import json
import struct

import torch

TYPES = {"F32": torch.float32, "I64": torch.int64}


def read(path):
    """The tensors of a file, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    return {key: torch.frombuffer(data[entry["data_offsets"][0]:entry["data_offsets"][1]], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
            for key, entry in header.items()}
