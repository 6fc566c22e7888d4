"""Contestant: HD95, average distances and surface Dice of the surface-distance package."""

from peer_folder import use_peer
from serve import read_arguments, serve, skip

use_peer("surface-distance", "https://github.com/google-deepmind/surface-distance")
try:
    import numpy
    import surface_distance
except ImportError as error:
    skip(f"surface-distance cannot be imported: {error}")

given = read_arguments()
space = tuple(int(extent) for extent in given["space"].split("x"))
spacing = numpy.fromfile(given["spacings"], dtype=numpy.float64).tolist()
# It takes boolean masks, made before the clock starts.
reference, prediction = (
    numpy.fromfile(given[which], dtype=numpy.uint8).reshape(space) != 0 for which in ("reference", "prediction")
)


def call():
    distances = surface_distance.compute_surface_distances(reference, prediction, spacing)
    return numpy.array(
        [
            surface_distance.compute_robust_hausdorff(distances, 95),
            *surface_distance.compute_average_surface_distance(distances),
            surface_distance.compute_surface_dice_at_tolerance(distances, 1),
        ]
    )


serve({"version": f"with numpy {numpy.__version__}"}, call, lambda: (None, call()))
