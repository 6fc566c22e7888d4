"""Stands in for Keras where it is not installed: the part of keras.ops that exported losses use, on PyTorch.

Argument names, defaults and meanings are those of the Keras 3 reference. What is not here fails loudly.
"""

import sys
import types

import torch


def as_tensor(value, like=None):
    if torch.is_tensor(value):
        return value
    dtype = like.dtype if like is not None and like.dtype.is_floating_point else None
    return torch.tensor(value, dtype=dtype)


def both(function):
    def of_two(a, b):
        a = as_tensor(a, b if torch.is_tensor(b) else None)
        return function(a, as_tensor(b, a))

    return of_two


def axes(x, axis):
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def reduction(function):
    return lambda x, axis=None, keepdims=False: function(x, axes(x, axis), keepdims) if x.ndim else x


def where(condition, x1, x2):
    like = x1 if torch.is_tensor(x1) else x2
    x1, x2 = as_tensor(x1, like if torch.is_tensor(like) else None), as_tensor(x2, like if torch.is_tensor(like) else None)
    kind = torch.promote_types(x1.dtype, x2.dtype)
    return torch.where(condition, x1.to(kind), x2.to(kind))


def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    assert strides == 1 and padding == "same" and data_format == "channels_last"
    size = (pool_size,) * (inputs.ndim - 2) if isinstance(pool_size, int) else pool_size
    pool = getattr(torch.nn.functional, f"max_pool{len(size)}d")
    image = inputs.movedim(-1, 1)
    return pool(image, size, stride=1, padding=tuple(n // 2 for n in size)).movedim(1, -1)


def one_hot(x, num_classes, axis=-1, dtype=None):
    assert axis == -1
    return torch.nn.functional.one_hot(x.long(), num_classes).to(getattr(torch, dtype) if isinstance(dtype, str) else dtype)


def dtype_of(dtype):
    return getattr(torch, dtype) if isinstance(dtype, str) else dtype


OPERATIONS = {
    "abs": torch.abs,
    "arange": lambda stop, dtype=None: torch.arange(stop, dtype=dtype_of(dtype)),
    "argsort": lambda x, axis=-1: torch.sort(x, dim=axis, stable=True).indices,
    "cast": lambda x, dtype: as_tensor(x).to(dtype_of(dtype)),
    "concatenate": lambda xs, axis=-1: torch.cat(xs, axis),
    "convert_to_tensor": lambda x, dtype=None: torch.as_tensor(x, dtype=dtype_of(dtype)),
    "cumsum": lambda x, axis=None: torch.cumsum(x, axis, dtype=x.dtype),
    "equal": both(torch.eq),
    "exp": torch.exp,
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "expm1": torch.expm1,
    "eye": lambda n, dtype=None: torch.eye(n, dtype=dtype_of(dtype)),
    "floor": torch.floor,
    "log": torch.log,
    "log1p": torch.log1p,
    "log_sigmoid": torch.nn.functional.logsigmoid,
    "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "logical_and": torch.logical_and,
    "logsumexp": reduction(lambda x, axis, keep: torch.logsumexp(x, axis, keep)),
    "matmul": torch.matmul,
    "max": reduction(lambda x, axis, keep: torch.amax(x, axis, keep)),
    "max_pool": max_pool,
    "maximum": both(torch.maximum),
    "mean": reduction(lambda x, axis, keep: torch.mean(x, axis, keep)),
    "min": reduction(lambda x, axis, keep: torch.amin(x, axis, keep)),
    "minimum": both(torch.minimum),
    "moveaxis": torch.movedim,
    "not_equal": both(torch.ne),
    "one_hot": one_hot,
    "ones_like": torch.ones_like,
    "pad": lambda x, widths: torch.nn.functional.pad(x, [n for pair in reversed(widths) for n in pair]),
    "power": both(torch.pow),
    "relu": torch.relu,
    "reshape": lambda x, shape: x.reshape(tuple(shape)),
    "shape": lambda x: tuple(x.shape),
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "sqrt": torch.sqrt,
    "square": torch.square,
    "stack": lambda xs, axis=0: torch.stack(xs, axis),
    "stop_gradient": lambda x: x.detach(),
    "sum": reduction(lambda x, axis, keep: torch.sum(x, axis, keep)),
    "take_along_axis": lambda x, indices, axis=None: torch.take_along_dim(x, indices, axis),
    "tanh": torch.tanh,
    "transpose": lambda x, axes=None: x.permute(axes if axes is not None else tuple(reversed(range(x.ndim)))),
    "where": where,
    "zeros_like": torch.zeros_like,
}


class Loss:
    """As keras.losses.Loss: the arguments get its dtype, and what call gives is reduced."""

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name, self.reduction, self.dtype = name, reduction, dtype or "float32"

    def __call__(self, y_true, y_pred, sample_weight=None):
        assert sample_weight is None, "a loss that takes weights has a __call__ of its own"
        kind = dtype_of(self.dtype)
        values = self.call(y_true.to(kind), y_pred.to(kind))
        return values if self.reduction is None else values.mean()

    def get_config(self):
        return {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}


def install():
    keras = types.ModuleType("keras")
    keras.ops = types.ModuleType("keras.ops")
    for name, operation in OPERATIONS.items():
        setattr(keras.ops, name, operation)
    keras.losses = types.ModuleType("keras.losses")
    keras.losses.Loss = Loss
    keras.saving = types.ModuleType("keras.saving")
    keras.saving.register_keras_serializable = lambda package: lambda cls: cls
    for module in (keras, keras.ops, keras.losses, keras.saving):
        sys.modules[module.__name__] = module
