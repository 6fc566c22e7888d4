// What a module in PyTorch may need beside its class: functions printed above it, each written once.

import type { PythonFunction } from "./python-file.js";

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
        raise ValueError(f"target is {list(target.shape)}; it has the shape of the logits, {list(logits.shape)}")
    return target.flatten(2)`,
  },
  label_map: {
    text: text`
def label_map(target: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, *space] or [N, 1, *space] as [N, voxels]."""
    labels = target[:, 0] if target.ndim == logits.ndim and target.shape[1] == 1 else target
    if labels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(f"target is {list(target.shape)}; it is [N, *space] for logits of {list(logits.shape)}")
    return labels.flatten(1).long()`,
  },
  one_hot: {
    text: text`
def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Class indices [N, voxels] as [N, C, voxels] of 0 and 1."""
    return F.one_hot(labels, classes).transpose(1, 2)`,
  },
  class_target: {
    needs: ["label_map", "one_hot"],
    text: text`
def class_target(target: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, *space], or a share of each class in the shape of the logits, as [N, C, voxels]."""
    if target.shape == logits.shape:
        return target.flatten(2)
    return one_hot(label_map(target, logits), logits.shape[1])`,
  },
  voxel_weights: {
    text: text`
def voxel_weights(weights: Tensor, logits: Tensor) -> Tensor:
    """One number per voxel, [N, *space] or [N, 1, *space], as [N, voxels]."""
    voxels = weights[:, 0] if weights.ndim == logits.ndim and weights.shape[1] == 1 else weights
    if voxels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(f"it is {list(weights.shape)}, not [N, *space] for logits of {list(logits.shape)}")
    return voxels.flatten(1)`,
  },
  ratio: {
    text: text`
def ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, with 0 / 0 = 0: the overlap of nothing, the mean of nothing."""
    nothing = (a == 0) & (b == 0)
    return torch.where(nothing, torch.zeros_like(b), a / torch.where(nothing, torch.ones_like(b), b))`,
  },
  power: {
    text: text`
def power(base: Tensor, exponent) -> Tensor:
    """base ** exponent; at a base of 0 its slope, which may be infinite, is taken as 0."""
    if isinstance(exponent, (int, float)) and exponent == 1:
        return base
    zero = base == 0
    return torch.where(zero, torch.zeros_like(base) ** exponent, torch.where(zero, torch.ones_like(base), base) ** exponent)`,
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
    """log(p) for p of at least 1e-12; the slope of a smaller one is 1e12, so that what has underflowed to 0 still learns."""
    at_least = p.detach().clamp(min=1e-12)
    return at_least.log() + (p - p.detach()) / at_least`,
  },
  log_one_minus_softmax: {
    text: text`
def log_one_minus_softmax(x: Tensor) -> Tensor:
    """log(1 - softmax(x)) over dimension 1, from the logits of the other classes: exact where a class is nearly certain."""
    own = torch.eye(x.shape[1], dtype=torch.bool, device=x.device)[:, :, None]
    others = x[:, None].masked_fill(own, -float("inf")).logsumexp(2)
    return others - x.logsumexp(1, keepdim=True)`,
  },
  lovasz: {
    text: text`
def lovasz(errors: Tensor, y: Tensor, counts: Tensor | None = None) -> Tensor:
    """Lovász extension of the Jaccard loss over the last dimension (Berman et al., CVPR 2018); y holds 0 and 1."""
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
    added = torch.where(foreground, 1 / union.clamp(min=1).to(errors), intersection / (union * (union + 1)).clamp(min=1).to(errors))
    added = added.masked_fill(union == 0, 1)
    if counts is not None:
        added = added * counts.gather(-1, order)
    return (errors.gather(-1, order) * added).sum(-1)`,
  },
  hardest: {
    text: text`
def hardest(e: Tensor, fraction: float, least: Tensor, counts: Tensor | None) -> Tensor:
    """Mean of the largest values of the last dimension: a fraction of those that count, at least that many."""
    key = e.detach()
    if counts is None:
        number = torch.full(e.shape[:-1] + (1,), e.shape[-1], dtype=torch.float64, device=e.device)
    else:
        key = key.masked_fill(counts == 0, -float("inf"))
        number = counts.sum(-1, keepdim=True, dtype=torch.float64)
    # A product such as 0.29 * 100 is a little less than the 29 that is meant.
    k = (fraction * number * (1 + 2**-51)).floor().clamp(min=1).maximum(least).minimum(number)
    order = torch.sort(key, dim=-1, descending=True, stable=True).indices
    kept = torch.arange(e.shape[-1], device=e.device) < k
    return torch.where(kept, e.gather(-1, order), torch.zeros_like(e)).sum(-1) / k[..., 0].clamp(min=1).to(e)`,
  },
  top_mean: {
    needs: ["hardest"],
    text: text`
def top_mean(e: Tensor, fraction: float, counts: Tensor | None = None) -> Tensor:
    """Mean of the largest values of the last dimension, a fraction of all."""
    return hardest(e, fraction, torch.zeros((), dtype=torch.float64, device=e.device), counts)`,
  },
  hard_mean: {
    needs: ["hardest"],
    text: text`
def hard_mean(e: Tensor, threshold: float, fraction: float, counts: Tensor | None = None) -> Tensor:
    """Mean of the values from a threshold up, but of a fraction of all at the least."""
    hard = e.detach() >= threshold if counts is None else (e.detach() >= threshold) & (counts != 0)
    return hardest(e, fraction, hard.sum(-1, keepdim=True, dtype=torch.float64), counts)`,
  },
  shifted: {
    text: text`
def shifted(image: Tensor, dim: int, by: int) -> Tensor:
    """The image moved by some voxels along an axis, with zeros where nothing comes in."""
    size = image.shape[dim]
    edge = torch.zeros_like(image.narrow(dim, 0, min(abs(by), size)))
    if by > 0:
        return torch.cat([edge, image.narrow(dim, 0, max(size - by, 0))], dim)
    return torch.cat([image.narrow(dim, min(-by, size), max(size + by, 0)), edge], dim)`,
  },
  max_pool: {
    text: text`
def max_pool(image: Tensor, size: tuple[int, ...]) -> Tensor:
    """Largest value of the box of that many voxels around each voxel; beyond the edge there is nothing."""
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(size) - 1]
    batch = image.reshape(-1, 1, *image.shape[image.ndim - len(size) :])
    return pool(batch, size, stride=1, padding=tuple(n // 2 for n in size)).reshape(image.shape)`,
  },
  largest_of_cross: {
    needs: ["max_pool"],
    text: text`
def largest_of_cross(image: Tensor, axes: int) -> Tensor:
    """Largest value of each voxel and the neighbours that share a face with it."""
    lines = [tuple(3 if other == axis else 1 for other in range(axes)) for axis in range(axes)]
    return torch.stack([max_pool(image, line) for line in lines]).amax(0)`,
  },
  distance: {
    text: text`
def distance(mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Euclidean distance of each voxel to the mask, exact; 0 everywhere for a mask without a voxel."""
    inside = (mask > 0.5).unflatten(-1, space)
    squares = torch.zeros_like(mask).unflatten(-1, space).masked_fill(~inside, float("inf"))
    for axis, size in enumerate(space):
        dim, step = axis - len(space), 1.0 if spacing is None else spacing[axis]
        place = torch.arange(size, device=mask.device).view([-1] + [1] * (-dim - 1))
        nearest = torch.full_like(squares, float("inf"))
        for site in range(size):
            nearest = torch.minimum(nearest, squares.narrow(dim, site, 1) + ((place - site) * step) ** 2)
        squares = nearest
    squares = squares.flatten(-len(space))
    return squares.masked_fill(squares == float("inf"), 0).sqrt()`,
  },
  signed_distance: {
    needs: ["distance"],
    text: text`
def signed_distance(mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Distance to the border of each mask: positive outside, 0 on the inner border, negative inside; 0 without a border."""
    steps = [1.0 if spacing is None else spacing[axis] for axis, size in enumerate(space) if size > 1]
    inside = mask > 0.5
    depth = distance(1 - inside.to(mask), space, spacing) - min(steps, default=1.0)
    field = torch.where(inside, -depth, distance(mask, space, spacing))
    return field.masked_fill(inside.all(-1, keepdim=True) | ~inside.any(-1, keepdim=True), 0)`,
  },
  border: {
    needs: ["shifted"],
    text: text`
def border(mask: Tensor, space: torch.Size) -> Tensor:
    """1 on the voxels of a mask that share a face with a voxel outside it, or with the edge."""
    image = (mask > 0.5).to(mask).unflatten(-1, space)
    within = image
    for dim in range(-len(space), 0):
        within = within * shifted(image, dim, 1) * shifted(image, dim, -1)
    return (image - within).flatten(-len(space))`,
  },
  dilation: {
    needs: ["largest_of_cross"],
    text: text`
def dilation(mask: Tensor, space: torch.Size, iterations: int) -> Tensor:
    """A mask grown by a number of steps to voxels that share a face."""
    image = (mask > 0.5).to(mask).unflatten(-1, space)
    for _ in range(iterations):
        image = largest_of_cross(image, len(space))
    return image.flatten(-len(space))`,
  },
  components: {
    needs: ["max_pool"],
    text: text`
def components(mask: Tensor, space: torch.Size) -> Tensor:
    """Number of the connected component of each voxel of a mask, corners being neighbours, from 1; 0 outside the mask."""
    inside = (mask > 0.5).unflatten(-1, space)
    voxels = mask.shape[-1]
    # Every voxel takes the largest number around it until nothing changes: that of its object's first voxel.
    numbers = torch.arange(voxels, 0, -1, dtype=torch.float64, device=mask.device).view(space) * inside
    while True:
        grown = max_pool(numbers, (3,) * len(space)) * inside
        if torch.equal(grown, numbers):
            break
        numbers = grown
    rows = [(-row).unique(return_inverse=True)[1] + 1 for row in numbers.reshape(-1, voxels)]
    return (torch.stack(rows).view(mask.shape) * inside.flatten(-len(space))).to(mask)`,
  },
  nearest_component: {
    needs: ["components"],
    text: text`
def nearest_component(mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Number of the component that each voxel is nearest to, the smaller one at a tie; 0 for an empty mask."""
    numbers = components(mask, space).unflatten(-1, space)
    squares = torch.zeros_like(numbers).masked_fill(numbers == 0, float("inf"))
    for axis, size in enumerate(space):
        dim, step = axis - len(space), 1.0 if spacing is None else spacing[axis]
        place = torch.arange(size, device=mask.device).view([-1] + [1] * (-dim - 1))
        nearest, owner = torch.full_like(squares, float("inf")), torch.zeros_like(numbers)
        for site in range(size):
            square = squares.narrow(dim, site, 1) + ((place - site) * step) ** 2
            number = numbers.narrow(dim, site, 1).expand_as(square)
            better = (square < nearest) | ((square == nearest) & (number < owner) & (square < float("inf")))
            nearest, owner = torch.where(better, square, nearest), torch.where(better, number, owner)
        squares, numbers = nearest, owner
    return numbers.flatten(-len(space))`,
  },
  sum_by: {
    text: text`
def sum_by(numbers: Tensor, e: Tensor) -> Tensor:
    """Sum over the voxels of each object: [..., objects]."""
    numbers = numbers.long()
    sums = e.new_zeros(*e.shape[:-1], int(numbers.max()) + 1)
    return sums.scatter_add(-1, numbers.expand_as(e), e)[..., 1:]`,
  },
  soft_skeleton: {
    needs: ["largest_of_cross", "max_pool"],
    text: text`
def soft_skeleton(e: Tensor, space: torch.Size, iterations: int) -> Tensor:
    """Soft skeleton by iterated erosion and opening (Shit et al., CVPR 2021)."""
    image = e.unflatten(-1, space)
    skeleton = torch.zeros_like(image)
    for _ in range(iterations + 1):
        eroded = -largest_of_cross(-image, len(space))
        removed = F.relu(image - max_pool(eroded, (3,) * len(space)))
        skeleton = skeleton + F.relu(removed - skeleton * removed)
        image = eroded
    return skeleton.flatten(-len(space))`,
  },
  soft_erosions: {
    needs: ["shifted"],
    text: text`
def soft_erosions(e: Tensor, space: torch.Size, iterations: int, exponent: float) -> Tensor:
    """Sum of iterated soft erosions, weighted with a power of their number (Karimi and Salcudean, IEEE TMI 2019)."""
    image = e.unflatten(-1, space)
    dims = tuple(range(-len(space), 0))
    total = torch.zeros_like(image)
    for k in range(1, iterations + 1):
        cross = image + sum(shifted(image, dim, by) for dim in dims for by in (1, -1))
        image = F.relu(cross / (2 * len(space) + 1) - 0.5)
        low, high = image.amin(dims, keepdim=True), image.amax(dims, keepdim=True)
        differ = high > low
        scaled = (image - low) / torch.where(differ, high - low, torch.ones_like(high))
        image = torch.where(differ, scaled, image)
        total = total + k**exponent * image
    return total.flatten(-len(space))`,
  },
  differences: {
    text: text`
def differences(e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None) -> list[Tensor]:
    """Forward differences along each axis over the spacing; 0 past the far edge."""
    image = e.unflatten(-1, space)
    steps = [1.0] * len(space) if spacing is None else spacing
    dims = range(-len(space), 0)
    return [image.diff(dim=dim, append=image.narrow(dim, -1, 1)) / step for dim, step in zip(dims, steps)]`,
  },
  squared_gradient: {
    needs: ["differences"],
    text: text`
def squared_gradient(e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Squared length of the spatial gradient."""
    return sum(slope**2 for slope in differences(e, space, spacing)).flatten(-len(space))`,
  },
  absolute_gradient: {
    needs: ["differences"],
    text: text`
def absolute_gradient(e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Sum of the absolute differences along the axes: anisotropic total variation."""
    return sum(slope.abs() for slope in differences(e, space, spacing)).flatten(-len(space))`,
  },
  neighbour_mean: {
    needs: ["shifted"],
    text: text`
def neighbour_mean(e: Tensor, space: torch.Size) -> Tensor:
    """Mean over the box of 3 voxels along each axis, with zeros beyond the edge."""
    image = e.unflatten(-1, space)
    for dim in range(-len(space), 0):
        image = (shifted(image, dim, 1) + image + shifted(image, dim, -1)) / 3
    return image.flatten(-len(space))`,
  },
  gaussian_mean: {
    needs: ["shifted"],
    text: text`
def gaussian_mean(e: Tensor, space: torch.Size, sigma: float) -> Tensor:
    """Mean with the weights of a Gaussian, its standard deviation in voxels, with zeros beyond the edge."""
    reach = int(max(4 * sigma, 0.5) + 0.5)
    scale = sigma * math.sqrt(2)
    kernel = [(math.erf((k + 0.5) / scale) - math.erf((k - 0.5) / scale)) / 2 for k in range(reach + 1)]
    image = e.unflatten(-1, space)
    for dim in range(-len(space), 0):
        inside = range(1, min(reach + 1, image.shape[dim]))
        image = kernel[0] * image + sum(kernel[k] * (shifted(image, dim, k) + shifted(image, dim, -k)) for k in inside)
    return image.flatten(-len(space))`,
  },
};
