"""Training speed of PyTorch tuned as Program.cs is: channels last, the processor's widest vectors, denormals flushed.

Usage: tuned.py DEPTH THREADS SECONDS
"""
import os
import sys

if "avx512f" in open("/proc/cpuinfo").read():
    os.environ["ATEN_CPU_CAPABILITY"] = "avx512"
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"

import torch  # noqa: E402, after the environment that it reads

from resnet import measure  # noqa: E402

torch.set_flush_denormal(True)
torch.set_num_threads(int(sys.argv[2]))
measure(int(sys.argv[1]), float(sys.argv[3]), torch.channels_last)
