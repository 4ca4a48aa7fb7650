"""Writes a golden file with one thing wrong.

change_golden.py FROM TO flip TENSOR INDEX    another bit in one element
change_golden.py FROM TO zero TENSOR ANY      all elements 0
change_golden.py FROM TO nan TENSOR INDEX     a NaN in an f32 tensor
change_golden.py FROM TO rename TENSOR NAME
change_golden.py FROM TO meta KEY [TEXT]      without TEXT the key goes
change_golden.py --plain TO                   a tensor file that is no golden one
"""
import json
import struct
import sys

WIDTH = {"U8": 1, "I8": 1, "I16": 2, "I32": 4, "F32": 4, "I64": 8}


def write(path, header, data):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + bytes(data))


if sys.argv[1] == "--plain":
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    write(sys.argv[2], {"q": entry}, b"\0" * 8)
    sys.exit()

source, target, action, name = sys.argv[1:5]
with open(source, "rb") as file:
    content = file.read()
(size,) = struct.unpack("<Q", content[:8])
header = json.loads(content[8 : 8 + size])
data = bytearray(content[8 + size :])

if action == "meta":
    if len(sys.argv) > 5:
        header["__metadata__"][name] = sys.argv[5]
    else:
        del header["__metadata__"][name]
elif action == "rename":
    header[sys.argv[5]] = header.pop(name)
else:
    begin, end = header[name]["data_offsets"]
    at = begin + int(sys.argv[5]) * WIDTH[header[name]["dtype"]]
    if action == "flip":
        data[at] ^= 1
    elif action == "zero":
        data[begin:end] = bytes(end - begin)
    elif action == "nan":
        data[at : at + 4] = struct.pack("<f", float("nan"))
write(target, header, data)
