"""Writes q, k and v that fit, with grouped heads, and ones that do not: bench_inputs.py GOOD BAD."""

import sys

import numpy

random = numpy.random.RandomState(1)


def tensor(*shape):
    return random.standard_normal(shape).astype(numpy.float32)


numpy.savez(sys.argv[1], q=tensor(2, 2, 6, 8), k=tensor(2, 6, 8), v=tensor(2, 6, 5))
numpy.savez(sys.argv[2], q=tensor(4, 6, 8), k=tensor(2, 6, 9), v=tensor(2, 6, 8))
