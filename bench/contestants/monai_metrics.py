"""Contestant: HD95, ASSD and surface Dice of MONAI, each by its own function, as its users call them."""

import warnings

from peer_folder import use_peer
from serve import read_arguments, serve, skip

use_peer("MONAI", "https://github.com/Project-MONAI/MONAI")
warnings.simplefilter("ignore")
try:
    import monai
    import numpy
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
except ImportError as error:
    skip(f"MONAI cannot be imported: {error}")

torch.set_num_threads(1)
given = read_arguments()
space = tuple(int(extent) for extent in given["space"].split("x"))
spacing = numpy.fromfile(given["spacings"], dtype=numpy.float64).tolist()
# Boolean tensors of one case with one class, made before the clock starts: the kind that it converts least.
reference, prediction = (
    torch.from_numpy(numpy.fromfile(given[which], dtype=numpy.uint8).reshape(1, 1, *space) != 0)
    for which in ("reference", "prediction")
)
options = {"include_background": True, "spacing": spacing}


def call():
    results = [
        compute_hausdorff_distance(prediction, reference, percentile=95, **options),
        compute_average_surface_distance(prediction, reference, symmetric=True, **options),
        compute_surface_dice(prediction, reference, class_thresholds=[1.0], **options),
    ]
    return torch.cat(results).reshape(-1).to(torch.float64).numpy()


serve({"version": monai.__version__.split("+")[0]}, call, lambda: (None, call()))
