"""Compares what hdp-run wrote with the results of a framework.

usage: compare.py EXAMPLE.safetensors|EXAMPLE.npz RESULTS.npz [TOLERANCE]

Tensors of the example are named expected.result0 and so on; the tolerance is for the largest
error over the largest value.
"""

import json
import sys

import numpy as np

CODES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
         "BOOL": "?"}


def read(path):
    if path.endswith(".npz"):
        return dict(np.load(path))
    with open(path, "rb") as file:
        raw = file.read()
    size = int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        data = raw[8 + size:][slice(*entry["data_offsets"])]
        array = np.frombuffer(data, CODES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = widen(array) if entry["dtype"] == "BF16" else array
    return tensors


def widen(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-4
expected, found = read(sys.argv[1]), read(sys.argv[2])
names = sorted(name[len("expected."):] for name in expected if name.startswith("expected."))
assert names == sorted(found), (names, sorted(found))
for name in names:
    want, got = expected["expected." + name].astype(float), found[name].astype(float)
    assert want.shape == got.shape, (want.shape, got.shape)
    error = np.abs(got - want).max() / np.abs(want).max()
    print("%s %s: %s" % (name, list(got.shape), "agrees" if error <= tolerance
                         else "largest error %g of the largest value" % error))
