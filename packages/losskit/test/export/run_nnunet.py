"""Builds the loss of an exported nnU-Net trainer on data sets of all kinds, and runs it on two scales.

Stands in for the two modules of nnU-Net v2 that the exported file imports, as far as it uses them.
"""

import json
import sys
from types import ModuleType, SimpleNamespace

import torch
from torch import nn


class DeepSupervisionWrapper(nn.Module):
    """The weighted sum of a loss over lists of outputs and targets; a weight of 0 leaves its scale out."""

    def __init__(self, loss, weight_factors):
        super().__init__()
        self.loss, self.weight_factors = loss, weight_factors

    def forward(self, *lists):
        scales = zip(self.weight_factors, *lists)
        return sum(weight * self.loss(*arrays) for weight, *arrays in scales if weight != 0.0)


class nnUNetTrainer:
    """What a trainer knows of its data set and of its training when it builds the loss."""

    def __init__(self, given):
        self.label_manager = SimpleNamespace(
            has_regions=given["regions"],
            ignore_label=given["ignore"],
            has_ignore_label=given["ignore"] is not None,
        )
        self.enable_deep_supervision = given["scales"] > 1
        self.scales, self.is_ddp, self.compiles = given["scales"], given["ddp"], given["compiles"]

    def _get_deep_supervision_scales(self):
        return [[0.5**i, 0.5**i] for i in range(self.scales)]

    def _do_i_compile(self):
        return self.compiles


for name, content in {
    "nnunetv2.training.loss.deep_supervision": {"DeepSupervisionWrapper": DeepSupervisionWrapper},
    "nnunetv2.training.nnUNetTrainer.nnUNetTrainer": {"nnUNetTrainer": nnUNetTrainer},
}.items():
    parts = name.split(".")
    for i in range(1, len(parts)):
        sys.modules.setdefault(".".join(parts[:i]), ModuleType(parts[i - 1]))
    sys.modules[name] = ModuleType(name)
    sys.modules[name].__dict__.update(content)


def tensor(given):
    return torch.tensor(given["data"], dtype=torch.float64).reshape(given["shape"])


def run(case):
    module = {}
    exec(compile(case["text"], "trainer.py", "exec"), module)
    trainer = next(one for name, one in module.items() if name.startswith("nnUNetTrainer") and one is not nnUNetTrainer)
    loss = trainer(case["trainer"])._build_loss()
    outputs = [tensor(given).requires_grad_() for given in case["outputs"]]
    targets = [tensor(given) for given in case["targets"]]
    several = case["trainer"]["scales"] > 1
    value = loss(outputs, targets) if several else loss(outputs[0], targets[0])
    gradients = torch.autograd.grad(value, outputs, allow_unused=True)
    return {
        "trainer": trainer.__name__,
        "value": value.item(),
        "gradients": [
            torch.zeros_like(output).flatten().tolist() if one is None else one.flatten().tolist()
            for one, output in zip(gradients, outputs)
        ],
        "weights": list(loss.weight_factors) if several else [1.0],
    }


torch.set_num_threads(1)
for case in json.load(sys.stdin):
    try:
        print(json.dumps(run(case)))
    except RuntimeError as error:
        print(json.dumps({"error": str(error)}))
