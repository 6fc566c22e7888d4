// What a module in PyTorch may need beside its class: functions printed above it, each written once.

import type { PythonFunction } from "./python-file.js";
import { PYTORCH_GRID_FUNCTIONS } from "./pytorch-grid-functions.js";

const text = String.raw;

/** Functions by name, in the order in which they are printed. Arrays are [..., voxels]; `space` has the extents of the voxels' axes. */
export const PYTORCH_FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
  flat: {
    text: text`
def flat(logits: Tensor) -> Tensor:
    """[N, C, *space] as [N, C, voxels], in float32 at least: half precision cannot sum an image."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).flatten(2)`,
  },
  channel_target: {
    text: text`
def channel_target(target: Tensor, logits: Tensor) -> Tensor:
    """A target of the shape of the logits as [N, C, voxels]."""
    if target.shape != logits.shape:
        raise ValueError(f"target is {list(target.shape)}, the logits are {list(logits.shape)}")
    return target.flatten(2)`,
  },
  label_map: {
    text: text`
def label_map(target: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, *space] or [N, 1, *space] as [N, voxels]."""
    labels = target[:, 0] if target.ndim == logits.ndim and target.shape[1] == 1 else target
    if labels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            f"target is {list(target.shape)}, not [N, *space] of logits {list(logits.shape)}"
        )
    return labels.flatten(1).long()`,
  },
  one_hot: {
    text: text`
def one_hot(labels: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, voxels] as [N, C, voxels] of 0 and 1."""
    zeros = logits.new_zeros(labels.shape[0], logits.shape[1], labels.shape[1])
    return zeros.scatter_(1, labels[:, None], 1)`,
  },
  class_target: {
    needs: ["label_map", "one_hot"],
    text: text`
def class_target(target: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, *space], or a share of each class, as [N, C, voxels]."""
    if target.shape == logits.shape:
        return target.flatten(2)
    return one_hot(label_map(target, logits), logits)`,
  },
  voxel_weights: {
    text: text`
def voxel_weights(weights: Tensor, logits: Tensor) -> Tensor:
    """One number per voxel, [N, *space] or [N, 1, *space], as [N, voxels]."""
    voxels = weights[:, 0] if weights.ndim == logits.ndim and weights.shape[1] == 1 else weights
    if voxels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            f"an array per voxel is {list(weights.shape)}, not [N, *space] of logits {list(logits.shape)}"
        )
    return voxels.flatten(1)`,
  },
  ratio: {
    text: text`
def ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, with 0 / 0 = 0: the overlap of nothing, the mean of nothing."""
    # Below the normal numbers, where a class has underflowed, 1 / b has no slope to go by.
    tiny = torch.finfo(b.dtype).tiny
    nothing = (abs(a) < tiny) & (abs(b) < tiny)
    quotient = a / torch.where(nothing, torch.ones_like(b), b)
    return torch.where(nothing, torch.zeros_like(b), quotient)`,
  },
  power: {
    text: text`
def power(base: Tensor, exponent) -> Tensor:
    """base ** exponent; at a base of 0 a slope that is infinite is taken as 0."""
    if isinstance(exponent, (int, float)) and exponent >= 1:
        return base**exponent
    zero = base == 0
    rest = torch.where(zero, torch.ones_like(base), base)
    return torch.where(zero, torch.zeros_like(base) ** exponent, rest**exponent)`,
  },
  log: {
    text: text`
def log(setting: float) -> float:
    """Natural logarithm of a plain number; that of 0 is -inf, which clips nothing."""
    return math.log(setting) if setting != 0 else -math.inf`,
  },
  square_root: {
    text: text`
def square_root(a: Tensor) -> Tensor:
    """Square root; at 0 its slope, which is infinite, is taken as 0."""
    zero = a == 0
    return torch.where(zero, torch.zeros_like(a), torch.where(zero, torch.ones_like(a), a).sqrt())`,
  },
  log_of_probability: {
    text: text`
def log_of_probability(p: Tensor) -> Tensor:
    """log(p) for p of at least 1e-12; a smaller one has the slope 1e12 and still learns."""
    at_least = p.detach().clamp(min=1e-12)
    return at_least.log() + (p - p.detach()) / at_least`,
  },
  log_one_minus_softmax: {
    text: text`
def log_one_minus_softmax(x: Tensor) -> Tensor:
    """log(1 - softmax(x)) over dimension 1, from the other logits: exact for a certain class."""
    top = torch.zeros_like(x, dtype=torch.bool).scatter_(1, x.argmax(1, keepdim=True), True)
    others = x.masked_fill(top, -float("inf")).logsumexp(1, keepdim=True)
    rest = (-x.softmax(1).masked_fill(top, 0)).log1p()
    return torch.where(top, others - x.logsumexp(1, keepdim=True), rest)`,
  },
  lovasz: {
    text: text`
def lovasz(errors: Tensor, y: Tensor, counts: Tensor | None = None) -> Tensor:
    """Lovász extension of the Jaccard loss over the last dimension, for y of 0 and 1.

    Berman et al., CVPR 2018.
    """
    key = errors.detach()
    if counts is not None:
        counts = counts.expand_as(errors)
        key = key.masked_fill(counts == 0, -float("inf"))
        y = y * counts
    order = torch.sort(key, dim=-1, descending=True, stable=True).indices
    foreground = y.gather(-1, order) > 0.5
    found, wrong = foreground.cumsum(-1), (~foreground).cumsum(-1)
    # How much each voxel, marked wrong after all of larger error, adds to 1 - intersection / union.
    intersection = found[..., -1:] - found + foreground.long()
    union = found[..., -1:] + wrong - (~foreground).long()
    found = 1 / union.clamp(min=1).to(errors)
    missed = intersection / (union * (union + 1)).clamp(min=1).to(errors)
    added = torch.where(foreground, found, missed)
    added = added.masked_fill(union == 0, 1)
    if counts is not None:
        added = added * counts.gather(-1, order)
    return (errors.gather(-1, order) * added).sum(-1)`,
  },
  hardest: {
    text: text`
def hardest(e: Tensor, fraction: float, least: Tensor | int, counts: Tensor | None) -> Tensor:
    """Mean of the largest values of the last dimension: a fraction of those that count."""
    key, number = e.detach(), e.shape[-1]
    # A product such as 0.29 * 100 is a little less than the 29 that is meant.
    k = torch.full_like(key[..., :1], int(fraction * number * (1 + 2**-51)), dtype=torch.long)
    if counts is not None:
        key = key.masked_fill(counts == 0, -float("inf"))
        number = counts.expand_as(e).sum(-1, keepdim=True).long()
        k = (fraction * number.double() * (1 + 2**-51)).long()
    k = k.clamp(min=1).maximum(torch.as_tensor(least, device=e.device)).clamp(max=number)
    order = torch.sort(key, dim=-1, descending=True, stable=True).indices
    kept = torch.arange(e.shape[-1], device=e.device) < k
    total = torch.where(kept, e.gather(-1, order), torch.zeros_like(e)).sum(-1)
    return total / k[..., 0].clamp(min=1)`,
  },
  top_mean: {
    needs: ["hardest"],
    text: text`
def top_mean(e: Tensor, fraction: float, counts: Tensor | None = None) -> Tensor:
    """Mean of the largest values of the last dimension, a fraction of all."""
    return hardest(e, fraction, 0, counts)`,
  },
  hard_mean: {
    needs: ["hardest"],
    text: text`
def hard_mean(e: Tensor, threshold: float, fraction: float, counts: Tensor | None = None) -> Tensor:
    """Mean of the values from a threshold up, but of a fraction of all at the least."""
    hard = e.detach() >= threshold
    hard = hard if counts is None else hard & (counts != 0)
    return hardest(e, fraction, hard.sum(-1, keepdim=True), counts)`,
  },
  ...PYTORCH_GRID_FUNCTIONS,
};
