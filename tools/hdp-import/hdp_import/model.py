"""What a route hands over (text and tensors) and the files that are written from it."""

import dataclasses
import json
import os
import re
import struct
from typing import Callable, List, Tuple

# MLIR element type -> safetensors code, bytes an element.
TYPES = {"i1": ("BOOL", 1), "i8": ("I8", 1), "i16": ("I16", 2), "i32": ("I32", 4),
         "i64": ("I64", 8), "f16": ("F16", 2), "bf16": ("BF16", 2), "f32": ("F32", 4),
         "f64": ("F64", 8)}

# The names that numpy, torch and jax give to the same types.
FRAMEWORK_TYPES = {"bool": "i1", "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
                   "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64"}


class ImportFailure(Exception):
    """The model cannot be imported; the text is one line. `code` is the exit code."""

    def __init__(self, message, code=1):
        super().__init__(" ".join(str(message).split()))
        self.code = code


@dataclasses.dataclass
class Tensor:
    """A name, an MLIR element type, static sizes and, if known, the bytes (little-endian)."""
    name: str
    type: str
    shape: Tuple[int, ...]
    read: Callable[[], bytes] = None

    def __post_init__(self):
        self.shape = tuple(int(size) for size in self.shape)
        if self.type not in TYPES:
            raise ImportFailure("tensor '%s': expected an element type among %s, found %s"
                                % (self.name, ", ".join(TYPES), self.type))

    def mlir_type(self):
        return "tensor<%s>" % "x".join([str(size) for size in self.shape] + [self.type])

    def num_bytes(self):
        count = TYPES[self.type][1]
        for size in self.shape:
            count *= size
        return count


@dataclasses.dataclass
class Imported:
    """A model: IR, and what its arguments (inputs, then weights, unless `order` says otherwise)
    and results are. `order` maps arguments to positions in inputs + weights."""
    text: str
    inputs: List[Tensor]
    weights: List[Tensor]
    results: List[Tensor]
    order: List[int] = None

    def arguments(self):
        """(index of the argument, tensor), inputs first."""
        tensors = self.inputs + self.weights
        order = self.order or range(len(tensors))
        return sorted((position, index) for index, position in enumerate(order))


def framework_type(name, dtype):
    """`torch.float32`, `float32` -> f32."""
    short = str(dtype).rsplit(".", 1)[-1]
    if short not in FRAMEWORK_TYPES:
        raise ImportFailure("tensor '%s': expected an element type among %s, found %s"
                            % (name, ", ".join(FRAMEWORK_TYPES), short))
    return FRAMEWORK_TYPES[short]


def write_safetensors(path, tensors):
    """Header length, JSON header, data; a tensor's bytes are made only when they are written."""
    header, offset = {}, 0
    for tensor in tensors:
        if tensor.name in header:
            raise ImportFailure("%s: two tensors are named '%s'" % (path, tensor.name))
        end = offset + tensor.num_bytes()
        header[tensor.name] = {"dtype": TYPES[tensor.type][0], "shape": list(tensor.shape),
                               "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors:
            data = tensor.read()
            if len(data) != tensor.num_bytes():
                raise ImportFailure("tensor '%s': expected %d bytes, found %d"
                                    % (tensor.name, tensor.num_bytes(), len(data)))
            file.write(data)


FUNCTION = re.compile(r"^\s*func\.func\s+(?P<private>private\s+)?(?:public\s+)?@"
                      r"(?P<name>[\w$.-]+|\"[^\"]*\")\s*\(", re.M)
STATIC = re.compile(r"tensor<((?:\d+x)*)(\w+)>")


def closing(text, start):
    """The position of the bracket that closes the one at `start`; -1 if none does.
    Arrows and strings are stepped over."""
    depth, position = 0, start
    while position < len(text):
        char = text[position]
        if char == '"':
            position = text.find('"', position + 1)
            while position > 0 and text[position - 1] == "\\":
                position = text.find('"', position + 1)
            if position < 0:
                return -1
        elif text.startswith("->", position):
            position += 1
        elif char in "([{<":
            depth += 1
        elif char in ")]}>":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return -1


def split_top(text):
    """The parts of a comma-separated list, brackets respected."""
    parts, first, position = [], 0, 0
    while position < len(text):
        if text[position] in '([{<"':
            end = (text.find('"', position + 1) if text[position] == '"'
                   else closing(text, position))
            position = len(text) if end < 0 else end
        elif text[position] == ",":
            parts.append(text[first:position].strip())
            first = position + 1
        position += 1
    last = text[first:].strip()
    return parts + [last] if last or parts else []


def signature(text, where):
    """(name, argument types, result types) of the first public function, types as text."""
    for match in FUNCTION.finditer(text):
        if match["private"]:
            continue
        end = closing(text, match.end() - 1)
        arguments = [part.split(":", 1)[1].split(" {")[0].split(" loc(")[0].strip()
                     for part in split_top(text[match.end():end])]
        rest = text[end + 1:].lstrip()
        results = []
        if rest.startswith("->"):
            rest = rest[2:].lstrip()
            if rest.startswith("("):
                results = split_top(rest[1:closing(rest, 0)])
            else:
                results = [re.match(r"[^\s<]+(?:<[^\n]*?>(?=\s))?", rest)[0]]
        return (match["name"].strip('"'), arguments,
                [part.split(" {")[0].strip() for part in results])
    raise ImportFailure("%s: expected a public function, found none" % where)


def tensors_of(types, prefix, where):
    """Named tensors for types that are static."""
    tensors = []
    for index, text in enumerate(types):
        match = STATIC.fullmatch(text)
        if not match or match[2] not in TYPES:
            raise ImportFailure("%s: %s%d: a manifest needs a tensor of static size, found %s"
                                % (where, prefix, index, text))
        sizes = [int(size) for size in match[1].split("x")[:-1]]
        tensors.append(Tensor("%s%d" % (prefix, index), match[2], sizes))
    return tensors


def check(imported, where):
    """Compares what the route says with the function that the IR has; its name."""
    name, arguments, results = signature(imported.text, where)
    tensors = imported.inputs + imported.weights
    said = {index: tensors[position].mlir_type() for position, index in imported.arguments()}
    for kind, found, expected in [
            ("arguments", arguments, [said[index] for index in sorted(said)]),
            ("results", results, [tensor.mlir_type() for tensor in imported.results])]:
        if len(found) != len(expected):
            raise ImportFailure("%s: @%s: expected %d %s, found %d"
                                % (where, name, len(expected), kind, len(found)))
        for index, (one, other) in enumerate(zip(found, expected)):
            if one != other:
                raise ImportFailure("%s: @%s: %s %d: expected %s, found %s"
                                    % (where, name, kind[:-1], index, other, one))
    return name


def manifest(imported, function, path, weights=None, dataset=None, labels=None):
    """The manifest that hdp-run takes; file names in it are relative to `path`."""
    folder = os.path.dirname(os.path.abspath(path))

    def relative(file):
        return os.path.relpath(os.path.abspath(file), folder)

    def entry(index, tensor):
        return {"index": index, "name": tensor.name, "type": tensor.type,
                "shape": list(tensor.shape)}

    tensors, count = imported.inputs + imported.weights, len(imported.inputs)
    entries = [entry(index, tensors[position]) for position, index in imported.arguments()]
    root = {"function": function, "inputs": entries[:count]}
    if imported.weights:
        root["weights"] = {"file": relative(weights), "arguments": entries[count:]}
    root["results"] = [entry(*pair) for pair in enumerate(imported.results)]
    if dataset:
        root["dataset"] = {"file": relative(dataset),
                           "inputs": {tensor.name: tensor.name for tensor in imported.inputs}}
        if labels:
            root["dataset"]["labels"] = labels
    return json.dumps(root, indent=1) + "\n"
