"""Writes volumes with nibabel into the folder given, and prints as JSON what nibabel itself reads from them."""

import json
import os
import sys

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.nifti1 import Nifti1Extension
from nibabel.orientations import aff2axcodes, apply_orientation, inv_ornt_aff, io_orientation

FOLDER = sys.argv[1]
RANDOM = np.random.default_rng(5)
SIZE = (5, 4, 3)
COUNTING = np.arange(np.prod(SIZE), dtype=np.int16).reshape(SIZE)
ZOOMS = (0.7, 1.3, 2.5)


def rotation(axis, degrees):
    """Rodrigues' formula."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def affine_of(directions, zooms=ZOOMS, origin=(-20.5, 7.25, 31)):
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, float) * zooms
    affine[:3, 3] = origin
    return affine


OBLIQUE = affine_of(rotation((1, 2, 3), 25))
MIRRORED = affine_of(rotation((3, -1, 1), 20) @ np.diag([-1, 1, 1]))
# Rows and columns of a CT whose gantry is tilted: the axes are not at right angles.
SHEARED = affine_of(np.array([[1, 0, 0], [0, 1, 0.35], [0, 0, 0.94]]))
PLAIN = affine_of(np.eye(3))


def image(data=COUNTING, affine=PLAIN, kind=nib.Nifti1Image, endianness="<", dtype=None, slope=None):
    header = kind.header_class(endianness=endianness)
    header.set_xyzt_units("mm")
    header.set_data_dtype(dtype or data.dtype)
    one = kind(data, affine, header)
    one.header.set_data_dtype(dtype or data.dtype)
    if slope is not None:
        # The numbers given are then those to be stored.
        one.header.set_slope_inter(*slope)
    return one


def forms(sform, qform, **kind):
    """An image whose header has these affines, each with its code, or neither."""
    one = image(**kind)
    one.header.set_sform(*sform)
    one.header.set_qform(*qform)
    # An image made anew takes the header's codes as they are, where it is given no affine.
    return type(one)(one.dataobj, None, one.header)


def extremes(dtype):
    """The least and the greatest number of a type, and some between."""
    data = COUNTING.astype(dtype)
    limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
    data[0, 0, 0], data[-1, -1, -1], data[1, 2, 1] = limits.min, limits.max, limits.max // 3
    return data


def with_extension():
    one = image(affine=OBLIQUE)
    one.header.extensions.append(Nifti1Extension("comment", b"x" * 200))
    return one


def in_micrometres():
    one = image(affine=OBLIQUE)
    one.header.set_xyzt_units("micron")
    return one


def images():
    for dtype in "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split():
        for endianness, byte_order in (("<", "little"), (">", "big")):
            data = extremes(np.dtype(dtype))
            yield f"{dtype}-{byte_order}.nii", image(data, OBLIQUE, endianness=endianness)
            yield f"{dtype}-{byte_order}-nifti2.nii.gz", image(data, MIRRORED, nib.Nifti2Image, endianness)

    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "float32"):
        yield f"slope-{dtype}.nii.gz", image(COUNTING.astype(dtype), OBLIQUE, slope=(0.3, -1024))
    yield "slope-negative-big.nii", image(COUNTING, MIRRORED, endianness=">", slope=(-2.5, 7))
    yield "slope-chosen-by-nibabel.nii.gz", image(RANDOM.normal(size=SIZE), OBLIQUE, dtype=np.int16)

    yield "oblique.nii", image(affine=OBLIQUE)
    yield "negative-determinant.nii", image(affine=MIRRORED)
    yield "sheared.nii", image(affine=SHEARED)
    yield "extension.nii.gz", with_extension()
    yield "micrometres.nii", in_micrometres()
    for name, kind in (("", nib.Nifti1Image), ("-nifti2", nib.Nifti2Image)):
        yield f"sform-only{name}.nii", forms((OBLIQUE, 2), (None, 0), kind=kind)
        yield f"qform-only{name}.nii", forms((None, 0), (OBLIQUE, 1), kind=kind)
        yield f"qform-only-mirrored{name}.nii", forms((None, 0), (MIRRORED, 1), kind=kind, endianness=">")
        yield f"qform-only-half-turn{name}.nii", forms((None, 0), (affine_of(np.diag([-1, -1, 1])), 1), kind=kind)
        yield f"both-differ{name}.nii", forms((OBLIQUE, 1), (MIRRORED, 4), kind=kind)
        yield f"sform-code-0{name}.nii", forms((OBLIQUE, 0), (MIRRORED, 1), kind=kind)
        yield f"neither{name}.nii", forms((OBLIQUE, 0), (MIRRORED, 0), kind=kind)

    # Up to 40 degrees every axis is nearest to one of the body, so that there is one right order.
    for index in range(40):
        turned = rotation(RANDOM.normal(size=3), RANDOM.uniform(0, 40))
        axes = np.eye(3)[RANDOM.permutation(3)] * RANDOM.choice([-1, 1], 3)
        affine = affine_of(turned @ axes, RANDOM.uniform(0.3, 6, 3), RANDOM.normal(0, 100, 3))
        if index % 2:
            yield f"turned-{index}.nii", image(affine=affine)
        else:
            yield f"turned-{index}-qform.nii", forms((None, 0), (affine, 1))

    for shape in ((60,), (12, 5), (5, 4, 3, 1), (5, 4, 3, 1, 1), (1, 4, 15), (5, 1, 12), (1, 1, 1)):
        data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        yield f"shape-{'x'.join(map(str, shape))}.nii", image(data, MIRRORED)


def refused():
    """Name, image, and a regular expression of what is to be said."""
    for dtype in ("complex64", "complex128"):
        yield f"{dtype}.nii", image(COUNTING.astype(dtype)), f"voxels are {dtype}; read are uint8, "
    for letters, name in (("RGB", "RGB24"), ("RGBA", "RGBA32")):
        colours = np.zeros(SIZE, dtype=[(letter, "u1") for letter in letters])
        yield f"{letters}.nii", image(colours), f"voxels are {name}; read are uint8, "
    yield "channels.nii", image(np.zeros((5, 4, 3, 2), np.uint8)), r"more than one volume \(5 x 4 x 3 x 2\)"
    yield "pair.hdr", image(kind=nib.Nifti1Pair), "second file"


def canonical(one):
    """Voxels as [superior, anterior, right] and their affine: as_closest_canonical, also for fewer dimensions than three."""
    data = one.get_fdata()
    data = data.reshape((data.shape + (1, 1))[:3])
    orientation = io_orientation(one.affine)
    affine = one.affine @ inv_ornt_aff(orientation, data.shape)
    return apply_orientation(data, orientation), affine


def described(name):
    one = nib.load(os.path.join(FOLDER, name))
    codes = [int(one.header[field]) for field in ("sform_code", "qform_code")]
    facts = {
        "name": name,
        "codes": codes,
        "datatype": one.get_data_dtype().newbyteorder("=").name,
        "unit": one.header.get_xyzt_units()[0],
    }
    if max(codes) == 0:
        # Nibabel then takes x to the left, as Analyze had it; the standard says nothing, so that only what is stored can be compared.
        return {**facts, **arrays(one.get_fdata(), one.header.get_zooms())}
    data, affine = canonical(one)
    grid = {"affine": one.affine[:3].tolist(), "grid": affine[:3].tolist()}
    return {**facts, **arrays(data, voxel_sizes(affine)), **grid, "orientation": "".join(aff2axcodes(one.affine))}


def arrays(data, sizes):
    """The last axis first, as losskit has them."""
    return {"data": data.T.ravel().tolist(), "shape": data.shape[::-1], "spacing": [float(size) for size in sizes[::-1]]}


def main():
    read = []
    for name, one in images():
        nib.save(one, os.path.join(FOLDER, name))
        read.append(described(name))
    not_read = []
    for name, one, message in refused():
        nib.save(one, os.path.join(FOLDER, name))
        not_read.append({"name": name, "message": message})
    json.dump({"read": read, "refused": not_read}, sys.stdout)


main()
