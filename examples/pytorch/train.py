"""Trains a small network in PyTorch with a loss that losskit exports from its formula.

    python3 train.py [LOSS] [STEPS]     "dice + ce" and 60 by default

LOSS is anything that `losskit export` takes, a formula of your own too. In a project of yours the
exported file is all that you keep: losskit is not needed to train.
"""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

CLASSES, SIDE = 3, 32
LOSSKIT = Path(__file__).resolve().parents[2] / "packages/lab/bin/losskit.js"


def exported(specification: str):
    """The loss as a class of PyTorch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "exported_loss.py"
        options = ["--to", "pytorch", "--head", "multiclass", "--name", "ExportedLoss"]
        subprocess.run(["node", LOSSKIT, "export", specification, *options, "--out", file], check=True)
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.ExportedLoss


def draw(images: int):
    """Noisy discs with a hole: classes 0 outside, 1 disc, 2 hole."""
    centre = torch.randint(10, 22, (images, 2, 1, 1))
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    away = (rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2
    labels = (away < 64).long() + (away < 9).long()
    return (labels == 1)[:, None] + 0.3 * torch.randn(images, 1, SIDE, SIDE), labels


specification = sys.argv[1] if len(sys.argv) > 1 else "dice + ce"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 60
torch.manual_seed(1)
layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.ReLU()]
network = nn.Sequential(*layers, nn.Conv2d(16, CLASSES, 3, padding=4, dilation=4))  # logits
loss = exported(specification)()
optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
for step in range(steps):
    x, labels = draw(8)
    optimiser.zero_grad()
    value = loss(network(x), labels)
    value.backward()
    optimiser.step()
    if step % 20 == 0 or step == steps - 1:
        print(f"step {step}: loss {value.item():.4f}")
