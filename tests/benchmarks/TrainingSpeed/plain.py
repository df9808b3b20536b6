"""Training speed of PyTorch as one writes it first. Usage: plain.py DEPTH THREADS SECONDS"""
import sys

import torch

from resnet import measure

torch.set_num_threads(int(sys.argv[2]))
measure(int(sys.argv[1]), float(sys.argv[3]), torch.contiguous_format)
