"""The network in numpy: a post-norm transformer encoder, forwards and backwards.

Embeddings, LAYERS times (attention, residual, norm, feed-forward, residual,
norm), then a classifier on token 0.  Weights are stored [out, in], as front
ends store them.  `forward` keeps what `backward` needs in a list of closures:
each layer appends the function that takes the gradient of its output and
returns that of its input, so `backward` is the list read from the end.
"""

import numpy as np

import task

LAYERS = 2
HEADS = 2
WIDTH = 64
HEAD = WIDTH // HEADS
INNER = 128
EPSILON = 1e-5
MASKED = np.float32(-3.40282347e38)


def parameters():
    """Name and shape of every weight, in the order of the function's arguments."""
    shapes = [("embeddings.token.weight", (task.VOCABULARY, WIDTH)),
              ("embeddings.position.weight", (task.LENGTH, WIDTH)),
              ("embeddings.norm.weight", (WIDTH,)),
              ("embeddings.norm.bias", (WIDTH,))]
    for i in range(LAYERS):
        for part, rows, columns in [("query", WIDTH, WIDTH), ("key", WIDTH, WIDTH),
                                    ("value", WIDTH, WIDTH), ("output", WIDTH, WIDTH),
                                    ("ffn1", INNER, WIDTH), ("ffn2", WIDTH, INNER)]:
            shapes.append(("layer.%d.%s.weight" % (i, part), (rows, columns)))
            shapes.append(("layer.%d.%s.bias" % (i, part), (rows,)))
            if part in ("output", "ffn2"):
                norm = "norm1" if part == "output" else "norm2"
                shapes.append(("layer.%d.%s.weight" % (i, norm), (WIDTH,)))
                shapes.append(("layer.%d.%s.bias" % (i, norm), (WIDTH,)))
    return shapes + [("classifier.weight", (task.VALUES, WIDTH)),
                     ("classifier.bias", (task.VALUES,))]


def initial(rng):
    """Random weights: norms at identity, biases at zero, matrices scaled by fan-in."""
    weights = {}
    for name, shape in parameters():
        if "norm" in name:
            weights[name] = np.full(shape, name.endswith("weight"), np.float32)
        elif name.endswith("bias"):
            weights[name] = np.zeros(shape, np.float32)
        else:
            scale = 0.3 if name.startswith("embeddings") else shape[1] ** -0.5
            weights[name] = rng.normal(0, scale, shape).astype(np.float32)
    return weights


class Tape:
    """The weights, their gradients so far, and the way back."""

    def __init__(self, weights):
        self.weights = weights
        self.gradients = {}

    def add(self, name, gradient):
        if name in self.gradients:
            gradient = gradient + self.gradients[name]
        self.gradients[name] = gradient


def linear(tape, name, x):
    w = tape.weights[name + ".weight"]
    flat = x.reshape(-1, x.shape[-1])

    def back(g):
        g = g.reshape(-1, g.shape[-1])
        tape.add(name + ".weight", g.T @ flat)
        tape.add(name + ".bias", g.sum(0))
        return (g @ w).reshape(x.shape)

    y = flat @ w.T + tape.weights[name + ".bias"]
    return y.reshape(x.shape[:-1] + (w.shape[0],)), back


def norm(tape, name, x):
    centred = x - x.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + np.float32(EPSILON))
    unit = centred * inverse
    w = tape.weights[name + ".weight"]

    def back(g):
        tape.add(name + ".weight", (g * unit).sum((0, 1)))
        tape.add(name + ".bias", g.sum((0, 1)))
        g = g * w
        return inverse * (g - g.mean(-1, keepdims=True) -
                          unit * (g * unit).mean(-1, keepdims=True))

    return unit * w + tape.weights[name + ".bias"], back


def split_heads(x):
    return x.reshape(x.shape[0], -1, HEADS, HEAD).transpose(0, 2, 1, 3)


def join_heads(x):
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], -1, WIDTH)


def attend(q, k, v, bias):
    """Exact attention of all heads; `bias` is broadcast over the scores."""
    scores = q @ k.transpose(0, 1, 3, 2) * np.float32(HEAD ** -0.5) + bias
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights @ v, weights


def attention(tape, name, x, bias):
    q, back_q = linear(tape, name + ".query", x)
    k, back_k = linear(tape, name + ".key", x)
    v, back_v = linear(tape, name + ".value", x)
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    context, p = attend(q, k, v, bias)
    y, back_o = linear(tape, name + ".output", join_heads(context))

    def back(g):
        g = split_heads(back_o(g))
        gv = p.transpose(0, 1, 3, 2) @ g
        gp = g @ v.transpose(0, 1, 3, 2)
        gs = p * (gp - (gp * p).sum(-1, keepdims=True)) * np.float32(HEAD ** -0.5)
        gq, gk = gs @ k, gs.transpose(0, 1, 3, 2) @ q
        return back_q(join_heads(gq)) + back_k(join_heads(gk)) + back_v(join_heads(gv))

    return y, back


def feed_forward(tape, name, x):
    h, back_1 = linear(tape, name + ".ffn1", x)
    positive = h > 0
    y, back_2 = linear(tape, name + ".ffn2", h * positive)
    return y, lambda g: back_1(back_2(g) * positive)


def residual(x, result):
    y, back = result
    return x + y, lambda g: g + back(g)


def forward(tape, tokens, mask):
    """Logits [count, VALUES], and a function of their gradient that fills the tape."""
    steps = []

    def step(result):
        steps.append(result[1])
        return result[0]

    bias = np.where(mask != 0, np.float32(0), MASKED)[:, None, None, :]
    x = (tape.weights["embeddings.token.weight"][tokens] +
         tape.weights["embeddings.position.weight"])
    x = step(norm(tape, "embeddings.norm", x))
    for i in range(LAYERS):
        name = "layer.%d" % i
        x = step(residual(x, attention(tape, name, x, bias)))
        x = step(norm(tape, name + ".norm1", x))
        x = step(residual(x, feed_forward(tape, name, x)))
        x = step(norm(tape, name + ".norm2", x))
    logits, back_c = linear(tape, "classifier", x[:, 0])

    def backward(g):
        gx = np.zeros_like(x)
        gx[:, 0] = back_c(g)
        for back in reversed(steps):
            gx = back(gx)
        tape.add("embeddings.position.weight", gx.sum(0))
        table = np.zeros_like(tape.weights["embeddings.token.weight"])
        np.add.at(table, tokens.reshape(-1), gx.reshape(-1, WIDTH))
        tape.add("embeddings.token.weight", table)

    return logits, backward


def logits(weights, tokens, mask):
    return forward(Tape(weights), tokens, mask)[0]


def loss(values, answers):
    """Mean cross entropy and its gradient."""
    p = np.exp(values - values.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    rows = np.arange(len(answers))
    cost = -np.log(p[rows, answers] + 1e-30).mean()
    p[rows, answers] -= 1
    return cost, p / np.float32(len(answers))
