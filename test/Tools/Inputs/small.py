"""Writes weights, data and manifest of small.mlir into a folder.

usage: small.py FOLDER [FAULT]

FAULT spoils one thing, for the tests of diagnostics:
  nan-weight, nan-bias, token, truncated, absent, wrong-shape, wrong-type
"""

import json
import os
import struct
import sys

SAMPLES = 5


def write(path, tensors):
    """tensors: {name: (dtype, struct letter, shape, values)}"""
    header, data = {}, b""
    for name, (dtype, letter, shape, values) in tensors.items():
        packed = struct.pack("<%d%s" % (len(values), letter), *values)
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def entry(index, name, kind, shape):
    return {"index": index, "name": name, "type": kind, "shape": shape}


def main():
    folder = sys.argv[1]
    fault = sys.argv[2] if len(sys.argv) > 2 else None
    os.makedirs(folder, exist_ok=True)

    # Token t points along axis t; token 4 is padding and points nowhere.
    table = [float(3 * (t == d)) for t in range(5) for d in range(4)]
    classes = [float(d == c) for d in range(4) for c in range(3)]
    if fault == "nan-weight":
        table[6] = float("nan")
    sentences = [[0, 1, 0, 0, 2, 4], [1, 1, 2, 0, 4, 4], [2, 2, 2, 1, 0, 1],
                 [0, 0, 1, 4, 4, 4], [1, 2, 1, 1, 0, 4]]
    bias = [-1e9 if t == 4 else 0.0 for s in sentences for t in s]
    if fault == "token":
        sentences[3][1] = 7
    if fault == "nan-bias":
        bias[6] = float("nan")
    table_shape = [4, 5] if fault == "wrong-shape" else [5, 4]
    # The table is stored in f16, which hdp-run widens.
    table_type = ("F64", "d") if fault == "wrong-type" else ("F16", "e")
    weights = {"table": table_type + (table_shape, table),
               "classes": ("F32", "f", [4, 3], classes)}
    if fault == "absent":
        del weights["classes"]
    write(os.path.join(folder, "weights.safetensors"), weights)
    if fault == "truncated":
        path = os.path.join(folder, "weights.safetensors")
        os.truncate(path, os.path.getsize(path) - 4)
    write(os.path.join(folder, "data.safetensors"),
          {"ids": ("I32", "i", [SAMPLES, 6], sum(sentences, [])),
           "bias": ("F32", "f", [SAMPLES, 1, 6], bias),
           "label": ("I32", "i", [SAMPLES], [0, 1, 2, 0, 2])})

    with open(os.path.join(folder, "small.json"), "w") as file:
        json.dump({"function": "main",
                   "inputs": [entry(0, "tokens", "i64", [2, 6]),
                              entry(1, "padding", "f32", [2, 1, 6])],
                   "weights": {"file": "weights.safetensors",
                               "arguments": [entry(2, "table", "f32", [5, 4]),
                                             entry(3, "classes", "f32", [4, 3])]},
                   "results": [entry(0, "logits", "f32", [2, 3])],
                   "dataset": {"file": "data.safetensors",
                               "inputs": {"tokens": "ids", "padding": "bias"},
                               "labels": "label"}}, file, indent=1)


if __name__ == "__main__":
    main()
