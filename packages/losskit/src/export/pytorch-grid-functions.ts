// What a class for PyTorch may need of the routines that look at an image as a whole: distances, skeletons, components, neighbourhoods.

import type { PythonFunction } from "./python-file.js";

const text = String.raw;

/** By name; `space` has the extents of the voxels' axes. */
export const PYTORCH_GRID_FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
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
    """Largest value of the box of that many voxels around each; beyond the edge is nothing."""
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
  steps: {
    text: text`
def steps(space: torch.Size, spacing: tuple[float, ...] | None) -> tuple[float, ...]:
    """Distance between neighbouring voxels along each axis: the spacing, or 1."""
    if spacing is not None and len(spacing) != len(space):
        raise ValueError(f"spacing is {tuple(spacing)}, the image has {len(space)} axes of space")
    return tuple(spacing or [1.0] * len(space))`,
  },
  distance: {
    needs: ["steps"],
    text: text`
def distance(mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None) -> Tensor:
    """Exact Euclidean distance of each voxel to the mask; 0 for a mask without a voxel."""
    inside = (mask > 0.5).unflatten(-1, space)
    squares = torch.zeros_like(mask).unflatten(-1, space).masked_fill(~inside, float("inf"))
    for axis, (size, step) in enumerate(zip(space, steps(space, spacing))):
        dim = axis - len(space)
        place = torch.arange(size, device=mask.device).view([-1] + [1] * (-dim - 1))
        nearest = torch.full_like(squares, float("inf"))
        for site in range(size):
            square = squares.narrow(dim, site, 1) + ((place - site) * step) ** 2
            nearest = torch.minimum(nearest, square)
        squares = nearest
    squares = squares.flatten(-len(space))
    return squares.masked_fill(squares == float("inf"), 0).sqrt()`,
  },
  signed_distance: {
    needs: ["distance", "steps"],
    text: text`
def signed_distance(
    mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None
) -> Tensor:
    """Distance to the border of each mask: positive outside, negative inside its inner border.

    0 where there is no border.
    """
    wide = [step for step, size in zip(steps(space, spacing), space) if size > 1]
    inside = mask > 0.5
    depth = distance(1 - inside.to(mask), space, spacing) - min(wide, default=1.0)
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
    """Number from 1 of the component of each voxel, corners being neighbours; 0 outside."""
    inside = (mask > 0.5).unflatten(-1, space)
    voxels = mask.shape[-1]
    # Every voxel takes the largest number around it until nothing changes; float32 counts to 2**24.
    exact = torch.float32 if voxels <= 2**24 else torch.float64
    places = torch.arange(voxels, 0, -1, dtype=exact, device=mask.device)
    numbers = places.view(space) * inside
    while True:
        grown = max_pool(numbers, (3,) * len(space)) * inside
        if torch.equal(grown, numbers):
            break
        numbers = grown
    rows = [(-row).unique(return_inverse=True)[1] + 1 for row in numbers.reshape(-1, voxels)]
    return (torch.stack(rows).view(mask.shape) * inside.flatten(-len(space))).to(mask)`,
  },
  nearest_component: {
    needs: ["components", "steps"],
    text: text`
def nearest_component(
    mask: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None
) -> Tensor:
    """Number of the component nearest to each voxel, the smaller at a tie; 0 without any."""
    numbers = components(mask, space).unflatten(-1, space)
    squares = torch.zeros_like(numbers).masked_fill(numbers == 0, float("inf"))
    for axis, (size, step) in enumerate(zip(space, steps(space, spacing))):
        dim = axis - len(space)
        place = torch.arange(size, device=mask.device).view([-1] + [1] * (-dim - 1))
        nearest, owner = torch.full_like(squares, float("inf")), torch.zeros_like(numbers)
        for site in range(size):
            square = squares.narrow(dim, site, 1) + ((place - site) * step) ** 2
            number = numbers.narrow(dim, site, 1).expand_as(square)
            tie = (square == nearest) & (number < owner) & (square < float("inf"))
            better = (square < nearest) | tie
            nearest = torch.where(better, square, nearest)
            owner = torch.where(better, number, owner)
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
    """Sum of iterated soft erosions, weighted with a power of their number.

    Karimi and Salcudean, IEEE TMI 2019.
    """
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
    needs: ["steps"],
    text: text`
def differences(e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None) -> list[Tensor]:
    """Forward differences along each axis over the spacing; 0 past the far edge."""
    image = e.unflatten(-1, space)
    slopes = [image.diff(dim=dim, append=image.narrow(dim, -1, 1)) for dim in range(-len(space), 0)]
    return [slope / step for slope, step in zip(slopes, steps(space, spacing))]`,
  },
  squared_gradient: {
    needs: ["differences"],
    text: text`
def squared_gradient(
    e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None
) -> Tensor:
    """Squared length of the spatial gradient."""
    return sum(slope**2 for slope in differences(e, space, spacing)).flatten(-len(space))`,
  },
  absolute_gradient: {
    needs: ["differences"],
    text: text`
def absolute_gradient(
    e: Tensor, space: torch.Size, spacing: tuple[float, ...] | None = None
) -> Tensor:
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
    """Mean with the weights of a Gaussian, sigma in voxels, with zeros beyond the edge."""
    reach = int(max(4 * sigma, 0.5) + 0.5)
    scale = sigma * math.sqrt(2)
    ends = [math.erf((k - 0.5) / scale) / 2 for k in range(reach + 2)]
    kernel = [after - before for before, after in zip(ends, ends[1:])]
    image = e.unflatten(-1, space)
    for dim in range(-len(space), 0):
        inside = range(1, min(reach + 1, image.shape[dim]))
        both = [shifted(image, dim, k) + shifted(image, dim, -k) for k in inside]
        image = kernel[0] * image + sum(kernel[k] * pair for k, pair in zip(inside, both))
    return image.flatten(-len(space))`,
  },
};
