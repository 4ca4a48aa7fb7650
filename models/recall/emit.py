"""The network as MLIR text, op by op what a torch front end prints for it.

Attention is written out (the "eager" form): linear layers as collapse,
transpose, matmul and a broadcast bias; heads by expand and transpose; scores
by batch_matmul, a scale generic, the padding mask as an addend of -3.4e38;
softmax with its two-result row maximum; layer norms with the variance in f64.
"""

import network
import task
from linalg_text import Function

ZERO = "0.000000e+00 : f32"


def arguments(count):
    """(name, shape, element) of every function argument for `count` sequences."""
    inputs = [("tokens", (count, task.LENGTH), "i64"),
              ("attention_mask", (count, task.LENGTH), "i64")]
    return inputs + [(name, shape, "f32") for name, shape in network.parameters()]


class Emitter:
    def __init__(self, count):
        self.count = count
        listed = arguments(count)
        self.f = Function([(shape, element) for _, shape, element in listed])
        self.named = {name: value for (name, _, _), value in zip(listed, self.f.arguments)}

    def embeddings(self):
        f, shape = self.f, (self.count, task.LENGTH, network.WIDTH)
        table = self.named["embeddings.token.weight"]
        size = f.constant("%d : index" % task.VOCABULARY)
        zero = f.constant("0 : i64")
        token = f.elementwise([self.named["tokens"]], ["d0, d1"], shape, "f32", [
            "%row = arith.index_cast %in : i64 to index",
            "%column = linalg.index 2 : index",
            "%below = arith.cmpi slt, %row, {} : index".format(size),
            'cf.assert %below, "index must be smaller than dim size"',
            "%above = arith.cmpi sge, %in, {} : i64".format(zero),
            'cf.assert %above, "index must be larger or equal to 0"',
            "%y = tensor.extract {}[%row, %column] : tensor<{}x{}xf32>".format(
                table[0], *table[1][0])])
        return f.elementwise([token, self.named["embeddings.position.weight"]],
                             [None, "d1, d2"], shape, "f32",
                             ["%y = arith.addf %in, %in_1 : f32"])

    def padding(self):
        """0 where a key may be attended to, the least f32 where it is padding."""
        f, mask = self.f, self.named["attention_mask"]
        shape = (self.count, 1, 1, task.LENGTH)
        one, least = f.constant("1.000000e+00 : f32"), f.constant("-3.40282347E+38 : f32")
        mask = f.reshape(mask, [[0], [1, 2, 3]], shape)
        mask = f.elementwise([mask], [None], shape, "f32",
                             ["%y = arith.sitofp %in : i64 to f32"])
        mask = f.elementwise([mask], [None], shape, "f32",
                             ["%y = arith.subf {}, %in : f32".format(one)])
        return f.elementwise([mask], [None], shape, "f32",
                             ["%y = arith.mulf %in, {} : f32".format(least)])

    def linear(self, name, x):
        f, rows = self.f, x
        if len(x[1][0]) == 3:
            rows = f.reshape(x, [[0, 1], [2]], (x[1][0][0] * x[1][0][1], x[1][0][2]))
        product = f.multiply("linalg.matmul", rows,
                             f.transpose(self.named[name + ".weight"], [1, 0]))
        shape = product[1][0]
        bias = f.generic([self.named[name + ".bias"]], [f.empty(shape, "f32")],
                         ["d1", "d0, d1"], lambda *_: ([], ["%in"]))
        return f.elementwise([product, bias], [None, None], shape, "f32",
                             ["%y = arith.addf %in, %in_1 : f32"])

    def sequence(self, rows):
        """[B*S, n] -> [B, S, n]."""
        return self.f.reshape(rows, [[0, 1], [2]],
                              (self.count, task.LENGTH, rows[1][0][1]))

    def mean(self, x, element):
        f, shape = self.f, x[1][0][:-1] + (1,)
        total = f.generic([x], [f.fill("0.000000e+00 : " + element, shape, element)],
                          ["d0, d1, d2", "d0, d1, 0"],
                          lambda *_: (["%y = arith.addf %in, %out : {}".format(element)], ["%y"]),
                          reductions=(2,))
        width = f.constant("%e : %s" % (network.WIDTH, element))
        return f.elementwise([total], [None], shape, element,
                             ["%y = arith.divf %in, {} : {}".format(width, element)])

    def centre(self, x, element):
        return self.f.elementwise([x, self.mean(x, element)], [None, "d0, d1, 0"], x[1][0],
                                  element, ["%y = arith.subf %in, %in_1 : " + element])

    def norm(self, name, x):
        f, shape = self.f, x[1][0]
        row = shape[:-1] + (1,)
        wide = f.elementwise([x], [None], shape, "f64", ["%y = arith.extf %in : f32 to f64"])
        wide = self.centre(wide, "f64")
        wide = f.elementwise([wide, wide], [None, None], shape, "f64",
                             ["%y = arith.mulf %in, %in_1 : f64"])
        variance = f.elementwise([self.mean(wide, "f64")], [None], row, "f32",
                                 ["%y = arith.truncf %in : f64 to f32"])
        epsilon = f.constant("1.000000e-05 : f64")
        variance = f.elementwise([variance], [None], row, "f32", [
            "%epsilon = arith.truncf {} : f64 to f32".format(epsilon),
            "%y = arith.addf %in, %epsilon : f32"])
        inverse = f.elementwise([variance], [None], row, "f32",
                                ["%y = math.rsqrt %in : f32"])
        x = f.elementwise([self.centre(x, "f32"), inverse], [None, "d0, d1, 0"], shape, "f32",
                          ["%y = arith.mulf %in, %in_1 : f32"])
        for part, op in (("weight", "mulf"), ("bias", "addf")):
            x = f.elementwise([x, self.named["%s.%s" % (name, part)]], [None, "d2"], shape,
                              "f32", ["%y = arith.{} %in, %in_1 : f32".format(op)])
        return x

    def heads(self, name, x, permutation):
        """A linear layer cut into heads, as the 3-D operand of a batch_matmul."""
        f = self.f
        x = f.reshape(self.linear(name, x), [[0, 1], [2, 3]],
                      (self.count, task.LENGTH, network.HEADS, network.HEAD))
        x = f.transpose(x, permutation)
        shape = x[1][0]
        return f.reshape(x, [[0, 1], [2], [3]], (shape[0] * shape[1],) + shape[2:])

    def softmax(self, x):
        f, shape = self.f, x[1][0]
        row, four = shape[:-1], "d0, d1, d2, d3"
        greatest = f.generic(
            [x], [f.fill("0xFF800000 : f32", row, "f32"), f.fill("0 : i64", row, "i64")],
            [four, "d0, d1, d2", "d0, d1, d2"], lambda *_: ([
                "%position = linalg.index 3 : index",
                "%column = arith.index_cast %position : index to i64",
                "%greatest = arith.maximumf %in, %out : f32",
                "%greater = arith.cmpf ogt, %in, %out : f32",
                "%where = arith.select %greater, %column, %out_1 : i64"],
                ["%greatest", "%where"]), reductions=(3,))[0]
        greatest = f.reshape(greatest, [[0], [1], [2, 3]], row + (1,))
        x = f.elementwise([x, greatest], [None, "d0, d1, d2, 0"], shape, "f32",
                          ["%y = arith.subf %in, %in_1 : f32"])
        x = f.elementwise([x], [None], shape, "f32", ["%y = math.exp %in : f32"])
        total = f.generic([x], [f.fill(ZERO, row + (1,), "f32")], [four, "d0, d1, d2, 0"],
                          lambda *_: (["%y = arith.addf %in, %out : f32"], ["%y"]),
                          reductions=(3,))
        return f.elementwise([x, total], [None, "d0, d1, d2, 0"], shape, "f32",
                             ["%y = arith.divf %in, %in_1 : f32"])

    def attention(self, name, x, padding):
        f = self.f
        batch, length = self.count * network.HEADS, task.LENGTH
        scores_shape = (self.count, network.HEADS, length, length)
        query = self.heads(name + ".query", x, [0, 2, 1, 3])
        key = self.heads(name + ".key", x, [0, 2, 3, 1])
        value = self.heads(name + ".value", x, [0, 2, 1, 3])
        scores = f.reshape(f.multiply("linalg.batch_matmul", query, key),
                           [[0, 1], [2], [3]], scores_shape)
        scale = f.constant("%r : f64" % network.HEAD ** -0.5)
        scores = f.elementwise([scores], [None], scores_shape, "f32", [
            "%scale = arith.truncf {} : f64 to f32".format(scale),
            "%y = arith.mulf %in, %scale : f32"])
        scores = f.elementwise([scores, padding], [None, "d0, 0, 0, d3"], scores_shape, "f32",
                               ["%y = arith.addf %in, %in_1 : f32"])
        weights = f.reshape(self.softmax(scores), [[0, 1], [2], [3]], (batch, length, length))
        context = f.reshape(f.multiply("linalg.batch_matmul", weights, value),
                            [[0, 1], [2], [3]],
                            (self.count, network.HEADS, length, network.HEAD))
        context = f.reshape(f.transpose(context, [0, 2, 1, 3]), [[0, 1], [2, 3]],
                            (self.count * length, network.WIDTH))
        return self.sequence(self.linear(name + ".output", context))

    def feed_forward(self, name, x):
        f = self.f
        x = self.sequence(self.linear(name + ".ffn1", x))
        zero = f.constant(ZERO)
        x = f.elementwise([x], [None], x[1][0], "f32", [
            "%positive = arith.cmpf ugt, %in, {} : f32".format(zero),
            "%y = arith.select %positive, %in, {} : f32".format(zero)])
        return self.sequence(self.linear(name + ".ffn2", x))

    def residual(self, x, result):
        return self.f.elementwise([result, x], [None, None], x[1][0], "f32",
                                  ["%y = arith.addf %in, %in_1 : f32"])

    def first_token(self, x):
        shape = (self.count, 1, network.WIDTH)
        line = "tensor.extract_slice {}[0, 0, 0] [{}, 1, {}] [1, 1, 1] : {} to {}"
        x = self.f.append(line.format(x[0], self.count, network.WIDTH,
                                      "tensor<%dx%dx%dxf32>" % x[1][0],
                                      "tensor<%dx%dx%dxf32>" % shape), shape, "f32")
        return self.f.reshape(x, [[0, 1], [2]], (self.count, network.WIDTH))


def module(count):
    """The text of @main for `count` sequences at a time."""
    e = Emitter(count)
    x = e.norm("embeddings.norm", e.embeddings())
    padding = e.padding()
    for i in range(network.LAYERS):
        name = "layer.%d" % i
        x = e.norm(name + ".norm1", e.residual(x, e.attention(name, x, padding)))
        x = e.norm(name + ".norm2", e.residual(x, e.feed_forward(name, x)))
    return e.f.print(e.linear("classifier", e.first_token(x)))
