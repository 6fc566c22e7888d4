"""Contestant: the confusion matrix of two label maps by numpy.bincount, as people write it, and the counts from it."""

from serve import read_arguments, serve, skip

try:
    import numpy
except ImportError as error:
    skip(f"{error}; it comes with Debian's python3-numpy")

given = read_arguments()
classes = int(given["classes"])
reference, prediction = (numpy.fromfile(given[which], dtype=numpy.uint8) for which in ("reference", "prediction"))


def call():
    pairs = numpy.bincount(reference * classes + prediction, minlength=classes**2)
    matrix = pairs.reshape(classes, classes).astype(numpy.float64)
    both = matrix.diagonal()
    missed = matrix.sum(axis=1) - both
    wrong = matrix.sum(axis=0) - both
    dice = 2 * both / (2 * both + missed + wrong)
    return numpy.stack([both, wrong, missed, matrix.sum() - both - missed - wrong, dice], axis=1)


serve({"version": numpy.__version__}, call, lambda: (None, call()))
