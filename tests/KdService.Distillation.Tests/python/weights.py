"""Reads and writes safetensors files with what Python has."""
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


def write(path, tensors):
    """Writes tensors by name, in that order."""
    names = {dtype: name for name, dtype in TYPES.items()}
    header, data = {"__metadata__": {"format": "pt"}}, bytearray()
    for name, value in tensors.items():
        begin = len(data)
        data += value.contiguous().numpy().tobytes()
        header[name] = {"dtype": names[value.dtype], "shape": list(value.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
