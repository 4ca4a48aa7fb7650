"""torch models of the import tests: small encoders with seeded weights and example inputs."""

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    """Pre-norm encoder layer; attention written out, or as torch's function."""

    def __init__(self, eager, size=32, heads=2):
        super().__init__()
        self.eager, self.heads = eager, heads
        self.query, self.key, self.value, self.output = (nn.Linear(size, size) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.ffn1, self.ffn2 = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, mask):
        y = self.norm1(x)
        q, k, v = (self.split(part(y)) for part in (self.query, self.key, self.value))
        if self.eager:
            scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
            attended = scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v
        else:
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.output(attended.transpose(1, 2).reshape(x.shape))
        return x + self.ffn2(F.gelu(self.ffn1(self.norm2(x))))


class Encoder(nn.Module):
    """Tokens and a padding mask to class scores; the band is a constant i1 mask."""

    def __init__(self, eager, layers=2, length=16):
        super().__init__()
        self.embedding = nn.Embedding(20, 32)
        self.position = nn.Parameter(torch.randn(length, 32) * 0.1)
        self.layers = nn.ModuleList(Layer(eager) for _ in range(layers))
        self.classifier = nn.Linear(32, 5)
        places = torch.arange(length)
        self.register_buffer("band", (places[:, None] - places).abs() < 6)

    def forward(self, tokens, padding):
        x = self.embedding(tokens) + self.position
        mask = self.band & (padding[:, None, None, :] > 0)
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(x.mean(1))


def make(eager):
    torch.manual_seed(7)
    model = Encoder(eager)
    tokens = torch.randint(0, 20, (2, 16))
    padding = (torch.arange(16) < torch.tensor([[16], [11]])).long()
    return model, (tokens, padding)


def eager():
    return make(True)


def sdpa():
    return make(False)


def by_name():
    """Arguments by name, in bf16, and a result that is a dict."""
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8, 8, dtype=torch.bfloat16))

        def forward(self, key=None, query=None):
            value = F.linear(key, self.weight)
            return {"out": F.scaled_dot_product_attention(query, key, value), "value": value}

    torch.manual_seed(8)
    draw = lambda *shape: torch.randn(*shape).to(torch.bfloat16)
    return Wrapped(), {"query": draw(2, 16, 8), "key": draw(2, 24, 8)}


def cumulative():
    class Sum(nn.Module):
        def forward(self, x):
            return x.cumsum(0)

    return Sum(), (torch.zeros(4, 4),)


def not_a_module():
    return 3, ()


def without_tensors():
    class Scaled(nn.Module):
        def forward(self, x, factor):
            return x * factor

    return Scaled(), (torch.zeros(2), 3)


def returns_nothing():
    class Nothing(nn.Module):
        def forward(self, x):
            return None

    return Nothing(), (torch.zeros(2),)
