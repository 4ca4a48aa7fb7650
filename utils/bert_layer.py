"""Attention of a BERT-Base layer's shape on real statistics.

BERT-Tiny's published encoder runs, in numpy and without pruning, on sentences of
SST-2 that are joined to the length wanted (its 128 positions repeat).  Its two
layers of two heads of 64 give four heads a text; three texts give twelve.
"""

import json
import os
import struct

import numpy

HEADS, DIM = 12, 64
MODEL = """func.func @main(%%q: tensor<1x12x%(n)dx64xf32>, %%k: tensor<1x12x%(n)dx64xf32>,
                %%v: tensor<1x12x%(n)dx64xf32>) -> tensor<1x12x%(n)dx64xf32> {
  %%init = tensor.empty() : tensor<1x12x%(n)dx64xf32>
  %%out = hdp.attention
      ins(%%q, %%k, %%v : tensor<1x12x%(n)dx64xf32>, tensor<1x12x%(n)dx64xf32>,
                       tensor<1x12x%(n)dx64xf32>)
      outs(%%init : tensor<1x12x%(n)dx64xf32>) {scale = 0.125} -> tensor<1x12x%(n)dx64xf32>
  return %%out : tensor<1x12x%(n)dx64xf32>
}
"""
TYPES = {"F32": "<f4", "I32": "<i4", "I64": "<i8"}


def load(path):
    """A safetensors file as arrays by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    return {name: numpy.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]])
            .reshape(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}


def normalise(x, weights, name):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return ((x - mean) / numpy.sqrt(variance + 1e-12) * weights[name + ".weight"]
            + weights[name + ".bias"])


def gelu(x):
    return 0.5 * x * (1 + numpy.tanh(numpy.sqrt(2 / numpy.pi) * (x + 0.044715 * x ** 3)))


def heads_of(rows, weights):
    """Q, K and V of each head of each layer, for the embedding rows of a text."""
    def dense(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    positions = weights["bert.embeddings.position_embeddings.weight"]
    x = (weights["bert.embeddings.word_embeddings.compact"][rows]
         + positions[numpy.arange(len(rows)) % len(positions)]
         + weights["bert.embeddings.token_type_embeddings.weight"][0])
    x = normalise(x, weights, "bert.embeddings.LayerNorm")
    found = []
    for layer in range(2):
        name = "bert.encoder.layer.%d." % layer
        context = []
        parts = [dense(x, name + "attention.self." + part) for part in ("query", "key", "value")]
        for head in range(2):
            q, k, v = (part[:, head * DIM:(head + 1) * DIM] for part in parts)
            found.append((q, k, v))
            scores = q @ k.T / numpy.sqrt(DIM)
            weight = numpy.exp(scores - scores.max(-1, keepdims=True))
            context.append(weight / weight.sum(-1, keepdims=True) @ v)
        x = normalise(x + dense(numpy.concatenate(context, -1), name + "attention.output.dense"),
                      weights, name + "attention.output.LayerNorm")
        inner = gelu(dense(x, name + "intermediate.dense"))
        x = normalise(x + dense(inner, name + "output.dense"), weights,
                      name + "output.LayerNorm")
    return found


def write(data, folder, length):
    """Writes model, manifest and operands of a layer; returns the paths of the first two."""
    tiny = os.path.join(data, "data", "bert-tiny-sst2")
    weights = load(os.path.join(tiny, "bert-tiny-sst2.safetensors"))
    dev = load(os.path.join(tiny, "sst2_dev_rows.safetensors"))
    tokens = dev["input_rows"][dev["attention_mask"] != 0]
    heads = []
    for text in range(HEADS // 4):
        heads += heads_of(tokens[text * length:(text + 1) * length], weights)
    path = os.path.join(folder, "layer%d" % length)
    numpy.savez(path + ".npz", **{
        name: numpy.stack([head[i] for head in heads])[None].astype("<f4")
        for i, name in enumerate("qkv")})
    with open(path + ".mlir", "w") as file:
        file.write(MODEL % {"n": length})
    shape = [1, HEADS, length, DIM]
    entry = {"type": "f32", "shape": shape}
    manifest = {
        "function": "main",
        "inputs": [dict(entry, index=i, name=name) for i, name in enumerate("qkv")],
        "results": [dict(entry, index=0, name="out")],
        "weights": {"file": "layer%d.npz" % length, "arguments": []},
        "dataset": {"file": "layer%d.npz" % length, "inputs": {name: name for name in "qkv"}},
    }
    with open(path + ".json", "w") as file:
        json.dump(manifest, file)
    return [path + ".mlir", path + ".json"]
