"""Contestant: torch in eager mode, the losses written in ordinary tensor operations, as notebooks and repositories have them."""

from serve import read_arguments, serve, skip

try:
    import numpy
    import torch
    import torch.nn.functional as F
except ImportError as error:
    skip(f"{error}; it comes with Debian's python3-torch")

given = read_arguments()
threads = int(given.get("threads", "1"))
torch.set_num_threads(threads)
SMOOTH = 1.0


def bce_dice(logits, targets):
    p = torch.sigmoid(logits).view(-1)
    y = targets.view(-1)
    intersection = (p * y).sum()
    dice = 1 - (2.0 * intersection + SMOOTH) / (p.sum() + y.sum() + SMOOTH)
    return F.binary_cross_entropy(p, y, reduction="mean") + dice


def focal_tversky(logits, targets, alpha=0.7, beta=0.3, gamma=4 / 3):
    p = torch.sigmoid(logits).view(-1)
    y = targets.view(-1)
    true_positives = (p * y).sum()
    false_positives = ((1 - y) * p).sum()
    false_negatives = (y * (1 - p)).sum()
    index = (true_positives + SMOOTH) / (true_positives + alpha * false_negatives + beta * false_positives + SMOOTH)
    return (1 - index) ** (1 / gamma)


def ce_dice(logits, labels):
    classes = logits.shape[1]
    p = torch.softmax(logits, dim=1)
    y = F.one_hot(labels, classes).movedim(-1, 1).float()
    dims = (0, *range(2, logits.dim()))
    intersection = (p * y).sum(dims)
    dice = 1 - (2.0 * intersection + SMOOTH) / (p.sum(dims) + y.sum(dims) + SMOOTH)
    return F.cross_entropy(logits, labels) + dice.mean()


def lovasz_hinge(logits, labels):
    """Berman et al. 2018, algorithm 1: sort the hinge errors, take the steps of the Jaccard loss along them."""
    x, y = logits.view(-1), labels.view(-1)
    errors = 1.0 - x * (2.0 * y.float() - 1.0)
    errors_sorted, order = torch.sort(errors, dim=0, descending=True)
    y_sorted = y[order.data]
    positives = y_sorted.sum()
    intersection = positives - y_sorted.float().cumsum(0)
    union = positives + (1 - y_sorted).float().cumsum(0)
    jaccard = 1.0 - intersection / union
    if len(jaccard) > 1:
        jaccard[1:] = jaccard[1:] - jaccard[:-1]
    return torch.dot(F.relu(errors_sorted), jaccard)


LOSSES = {"bce-dice": bce_dice, "focal-tversky": focal_tversky, "ce-dice": ce_dice, "lovasz-hinge": lovasz_hinge}
voxels, classes = int(given["voxels"]), int(given["classes"])
side = round(voxels**0.5)
space = (side, side) if side * side == voxels else (voxels,)
x = torch.from_numpy(numpy.fromfile(given["logits"], dtype=numpy.float32)).view(1, classes, *space)
x.requires_grad_(True)
if classes == 1:
    target = torch.from_numpy(numpy.fromfile(given["targets"], dtype=numpy.float32)).view(1, 1, *space)
else:
    # Class indices are int64 in torch: cross_entropy and one_hot take no other.
    target = torch.from_numpy(numpy.fromfile(given["labels"], dtype=numpy.uint8).astype(numpy.int64)).view(1, *space)
loss_of = LOSSES.get(given["work"]) or skip(f"{given['work']} is not written for torch")


def call():
    x.grad = None
    loss = loss_of(x, target)
    loss.backward()
    return loss


serve(
    {"version": torch.__version__, "threads": torch.get_num_threads()},
    call,
    lambda: (call().item(), x.grad.numpy().ravel()),
)
