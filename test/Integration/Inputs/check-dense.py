"""Compares dense results with exact ones.

usage: check-dense.py EXACT.npz DENSE16.npz DENSE8.npz
"""

import sys

import numpy as np

exact, wide, narrow = (np.load(path) for path in sys.argv[1:])
for name in ("result0", "result1"):
    largest = np.abs(exact[name]).max()
    errors = [np.abs(x[name] - exact[name]).max() / largest for x in (wide, narrow)]
    print(name, errors)
    assert errors[0] < 3e-3, "16 bits"
    assert 2 * errors[0] < errors[1] < 0.1, "8 bits"
