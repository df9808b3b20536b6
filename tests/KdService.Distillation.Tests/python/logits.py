"""Loads a safetensors file into a PyTorch network and prints its logits as JSON: python3 logits.py FILE NETWORK CLASSES COUNT"""
import json
import sys

import torch

import networks
import weights

path, name, classes, count = sys.argv[1:]
net = networks.build(name, int(classes))
net.load_state_dict(weights.read(path), strict=True)
with torch.no_grad():
    print(json.dumps(net.eval()(networks.pictures(int(count))).tolist()))
