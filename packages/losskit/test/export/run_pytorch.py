"""Runs exported modules on arrays and prints value and gradient of each case, one JSON line per case.

Standard input is JSON: {"modules": {name: text}, "cases": [{module, class, arguments, dtype, logits, target, extra}]}, where an
array is {"shape": [...], "data": [...], "dtype": "float" or "int64"}; "float" is the dtype of the case.
"""

import torch
from exported import answer, tuples

torch.set_num_threads(1)


def tensor(array, dtype):
    kind = dtype if array["dtype"] == "float" else getattr(torch, array["dtype"])
    return torch.tensor(array["data"], dtype=torch.float64).to(kind).reshape(array["shape"])


def run(module, case):
    mixed = case["dtype"] == "bfloat16"
    dtype = torch.float32 if mixed else getattr(torch, case["dtype"])
    loss = getattr(module, case["class"])(**{name: tuples(value) for name, value in case["arguments"].items()})
    logits = tensor(case["logits"], torch.bfloat16 if mixed else dtype).requires_grad_()
    extra = {name: tensor(array, dtype) for name, array in case["extra"].items()}
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
        value = loss(logits, tensor(case["target"], dtype), **extra)
    gradient = torch.zeros_like(logits)
    if value.requires_grad:
        (gradient,) = torch.autograd.grad(value.sum(), logits)
    return {"values": value.double().flatten().tolist(), "gradient": gradient.double().flatten().tolist()}


answer(run)
