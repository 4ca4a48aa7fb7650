"""Writes one MLIR function as text, in the form torch front ends print today.

A value is a pair (name, type); a type is a pair (shape, element).  Every
method appends lines and returns the value it made.  Only the ops that the
network needs are here.
"""

def dims(count):
    return ", ".join("d%d" % i for i in range(count))


def tensor(shape, element):
    return "tensor<%s%s>" % ("".join("%dx" % s for s in shape), element)


def text(value):
    return tensor(*value[1])


class Function:
    def __init__(self, arguments):
        """`arguments`: (shape, element) each; they become %arg0, %arg1, ..."""
        self.arguments = [("%%arg%d" % i, t) for i, t in enumerate(arguments)]
        self.maps, self.constants, self.lines, self.known = {}, {}, [], {}
        self.count = 0

    def fresh(self):
        self.count += 1
        return "%%%d" % (self.count - 1)

    def append(self, line, shape, element, key=None):
        """One op with a result; equal `key`s share the first one made."""
        if key is not None and key in self.known:
            return self.known[key]
        value = (self.fresh(), (tuple(shape), element))
        self.lines.append("    %s = %s" % (value[0], line))
        if key is not None:
            self.known[key] = value
        return value

    def constant(self, spelling):
        """A scalar constant such as `1.0 : f32`, at the top of the function."""
        if spelling not in self.constants:
            number = len(self.constants)
            self.constants[spelling] = "%%cst%s" % ("_%d" % number if number else "")
        return self.constants[spelling]

    def map(self, rank, results):
        """The affine map of `rank` dimensions whose results are spelled out."""
        spelling = "affine_map<(%s) -> (%s)>" % (dims(rank), results)
        if spelling not in self.maps:
            number = len(self.maps)
            self.maps[spelling] = "#map%s" % (number if number else "")
        return self.maps[spelling]

    def empty(self, shape, element):
        line = "tensor.empty() : " + tensor(shape, element)
        return self.append(line, shape, element, key=line)

    def fill(self, spelling, shape, element):
        init, cst = self.empty(shape, element), self.constant(spelling)
        line = "linalg.fill ins(%s : %s) outs(%s : %s) -> %s" % (
            cst, element, init[0], text(init), text(init))
        return self.append(line, shape, element, key=line)

    def generic(self, inputs, outputs, maps, body, reductions=()):
        """linalg.generic over the last output map's dimensions.

        `maps`: result lists such as "d0, 0", one per operand.  `body`: a
        function of the block arguments that returns (lines, yielded names).
        """
        rank = max(int(d[1:]) for m in maps for d in m.split(", ") if d[:1] == "d") + 1
        kinds = ", ".join('"reduction"' if i in reductions else '"parallel"'
                          for i in range(rank))
        ins = ["%in" + ("_%d" % i if i else "") for i in range(len(inputs))]
        outs = ["%out" + ("_%d" % i if i else "") for i in range(len(outputs))]
        inner, yielded = body(*ins, *outs)
        header = "linalg.generic {indexing_maps = [%s], iterator_types = [%s]}" % (
            ", ".join(self.map(rank, m) for m in maps), kinds)
        if inputs:
            header += " ins(%s : %s)" % (", ".join(v[0] for v in inputs),
                                         ", ".join(text(v) for v in inputs))
        header += " outs(%s : %s) {" % (", ".join(v[0] for v in outputs),
                                        ", ".join(text(v) for v in outputs))
        name, types = self.fresh(), [text(v) for v in outputs]
        result = types[0] if len(types) == 1 else "(%s)" % ", ".join(types)
        self.lines.append("    %s%s = %s" % (
            name, ":%d" % len(types) if len(types) > 1 else "", header))
        self.lines.append("    ^bb0(%s):" % ", ".join(
            "%s: %s" % (n, v[1][1]) for n, v in zip(ins + outs, inputs + outputs)))
        self.lines += ["      " + line for line in inner]
        self.lines.append("      linalg.yield %s : %s" % (
            ", ".join(yielded), ", ".join(v[1][1] for v in outputs)))
        self.lines.append("    } -> " + result)
        if len(outputs) == 1:
            return (name, outputs[0][1])
        return [("%s#%d" % (name, i), v[1]) for i, v in enumerate(outputs)]

    def elementwise(self, inputs, maps, shape, element, lines):
        """A generic without reductions.  `lines`: ops whose last result, %y, is yielded."""
        everything = ", ".join("d%d" % i for i in range(len(shape)))
        return self.generic(inputs, [self.empty(shape, element)],
                            [m if m is not None else everything for m in maps] + [everything],
                            lambda *_: (lines, ["%y"]))

    def reshape(self, value, groups, shape):
        """tensor.expand_shape or collapse_shape, whichever leads to `shape`."""
        listed = "[%s]" % ", ".join("[%s]" % ", ".join(map(str, g)) for g in groups)
        target = tensor(shape, value[1][1])
        if len(shape) > len(value[1][0]):
            line = "tensor.expand_shape %s %s output_shape [%s] : %s into %s" % (
                value[0], listed, ", ".join(map(str, shape)), text(value), target)
        else:
            line = "tensor.collapse_shape %s %s : %s into %s" % (
                value[0], listed, text(value), target)
        return self.append(line, shape, value[1][1], key=line)

    def transpose(self, value, permutation):
        shape = [value[1][0][p] for p in permutation]
        init = self.empty(shape, value[1][1])
        return self.append(
            "linalg.transpose ins(%s : %s) outs(%s : %s) permutation = [%s] " % (
                value[0], text(value), init[0], text(init),
                ", ".join(map(str, permutation))), shape, value[1][1])

    def multiply(self, op, a, b):
        """linalg.matmul or linalg.batch_matmul on a zero init."""
        shape = a[1][0][:-1] + b[1][0][-1:]
        init = self.fill("0.000000e+00 : f32", shape, "f32")
        return self.append("%s ins(%s, %s : %s, %s) outs(%s : %s) -> %s" % (
            op, a[0], b[0], text(a), text(b), init[0], text(init), text(init)), shape, "f32")

    def print(self, result):
        maps = ["%s = %s" % (name, spelling) for spelling, name in self.maps.items()]
        arguments = ", ".join("%s: %s" % (n, tensor(*t)) for n, t in self.arguments)
        constants = ["    %s = arith.constant %s" % (name, spelling)
                     for spelling, name in self.constants.items()]
        return "\n".join(maps + ["module {", "  func.func @main(%s) -> %s {" % (
            arguments, text(result))] + constants + self.lines + [
                "    return %s : %s" % (result[0], text(result)), "  }", "}", ""])
