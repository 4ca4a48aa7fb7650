"""Reads and writes safetensors files: a length, a JSON header, raw little-endian data."""

import json
import struct

import numpy as np

CODES = {"F32": "<f4", "I32": "<i4", "I64": "<i8"}


def write(tensors):
    """The bytes of a file that holds `tensors`, a name -> array mapping."""
    header, data = {}, b""
    for name, array in tensors.items():
        code = next(c for c, d in CODES.items() if np.dtype(d) == array.dtype)
        raw = array.astype(CODES[code]).tobytes()
        header[name] = {"dtype": code, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def read(path):
    with open(path, "rb") as file:
        raw = file.read()
    size = struct.unpack_from("<Q", raw)[0]
    header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], CODES[entry["dtype"]])
            .reshape(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
