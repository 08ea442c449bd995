"""The two libraries with the interface of Stable-Baselines3, and their threads."""

import os


def add_options(parser):
    parser.add_argument("--library", choices=["sb3", "sbx"], default="sb3")
    parser.add_argument("--threads", type=int, default=1)


def limit_threads(count):
    """JAX has no other switch: its team is as large as the set of processors that it finds when it starts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def load(arguments):
    """Imports the library's DQN with the wanted number of threads."""
    if arguments.library == "sbx":
        limit_threads(arguments.threads)
        from sbx import DQN
    else:
        from stable_baselines3 import DQN
    import torch

    # SBX keeps its replay in Stable-Baselines3's buffers.
    torch.set_num_threads(arguments.threads)
    return DQN
