"""Runs exported losses of Keras on arrays, as run_pytorch.py does those of PyTorch.

With Keras and JAX installed they run on these; else on keras_stand_in.py. The arrays come channels first.
"""

import os
import sys

from exported import answer, tuples

os.environ["KERAS_BACKEND"] = "jax"
try:
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np

    REAL = True
except ImportError:
    import keras_stand_in
    import torch

    keras_stand_in.install()
    torch.set_num_threads(1)
    REAL = False


def array(given, dtype):
    kind = dtype if given["dtype"] == "float" else given["dtype"]
    if REAL:
        return np.asarray(given["data"], dtype=kind).reshape(given["shape"])
    return torch.tensor(given["data"], dtype=torch.float64).to(getattr(torch, kind)).reshape(given["shape"])


def moved(x, source, target):
    return np.moveaxis(x, source, target) if REAL else x.movedim(source, target)


def run(module, case):
    arguments = {name: tuples(value) for name, value in case["arguments"].items()}
    loss = getattr(module, case["class"])(**arguments, dtype=case["dtype"], reduction=None)
    # A loss is the same after a round through its config.
    loss = type(loss)(**{**loss.get_config(), "dtype": case["dtype"]})
    logits = array(case["logits"], case["dtype"])
    target = array(case["target"], case["dtype"])
    target = moved(target, 1, -1) if target.ndim == logits.ndim else target
    weights = [array(given, case["dtype"]) for given in case["extra"].values()]

    def value(z):
        result = loss(target, moved(z, 1, -1), *weights)
        return moved(result, -1, 1) if result.ndim == logits.ndim else result

    if REAL:
        values = value(logits)
        gradient = jax.grad(lambda z: value(z).sum())(logits)
    else:
        logits.requires_grad_()
        values = value(logits)
        gradient = torch.autograd.grad(values.sum(), logits)[0] if values.requires_grad else torch.zeros_like(logits)
    return {"values": values.reshape(-1).tolist(), "gradient": gradient.reshape(-1).tolist(), "rounded": REAL}


print(f"Keras {keras.__version__}" if REAL else "stand-in", file=sys.stderr)
answer(run)
