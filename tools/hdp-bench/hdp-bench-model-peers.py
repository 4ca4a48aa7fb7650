"""An encoder in PyTorch's eager mode, for hdp-bench: commands on standard input, a line each.

    load FILE.npz LAYERS HEADS   the weights and x; the names of what can be called
    run N                        calls peer N once, `seconds` of processor time
    result N FILE.npz            writes the result of peer N's last call
"""

from hdp_bench_peers import serve, timed

import numpy


class Encoder:
    """BERT's layers on weights [in, out]; x is [tokens, hidden]."""

    def __init__(self, torch, arrays, layers, heads, use_sdpa):
        self.torch, self.layers, self.heads, self.use_sdpa = torch, layers, heads, use_sdpa
        # As torch.nn.Linear keeps them, [out, in].
        self.weights = {name: torch.from_numpy(x.T.copy() if x.ndim == 2 and name != "x" else x)
                        for name, x in arrays.items()}

    def linear(self, x, weight, bias, layer):
        return self.torch.nn.functional.linear(x, self.weights["%s_%d" % (weight, layer)],
                                               self.weights["%s_%d" % (bias, layer)])

    def norm(self, x, gain, bias, layer):
        return self.torch.nn.functional.layer_norm(
            x, x.shape[-1:], self.weights["%s_%d" % (gain, layer)],
            self.weights["%s_%d" % (bias, layer)], 1e-12)

    def attention(self, x, layer):
        tokens, hidden = x.shape

        def split(y):
            return y.view(1, tokens, self.heads, hidden // self.heads).transpose(1, 2)

        q, k, v = (split(self.linear(x, "w" + c, "b" + c, layer)) for c in "qkv")
        if self.use_sdpa:
            out = self.torch.nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            scores = q @ k.transpose(-1, -2) / (hidden // self.heads) ** 0.5
            out = self.torch.softmax(scores, -1) @ v
        return self.linear(out.transpose(1, 2).reshape(tokens, hidden), "wo", "bo", layer)

    def __call__(self):
        functional = self.torch.nn.functional
        x = self.weights["x"]
        for layer in range(self.layers):
            x = self.norm(x + self.attention(x, layer), "g1", "h1", layer)
            inner = functional.gelu(self.linear(x, "w1", "b1", layer))
            x = self.norm(x + self.linear(inner, "w2", "b2", layer), "g2", "h2", layer)
        return x


class Peers:
    def __init__(self):
        self.peers, self.results = [], {}

    def load(self, path, layers, heads):
        self.peers = []
        try:
            import torch
        except ImportError as error:
            return {"names": [], "absent": str(error)}
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        with numpy.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        self.peers = [Encoder(torch, arrays, int(layers), int(heads), sdpa)
                      for sdpa in (True, False)]
        return {"names": ["PyTorch eager, sdpa", "PyTorch eager, softmax(QK)V"]}

    def run(self, index):
        self.results[int(index)], answer = timed(self.peers[int(index)])
        return answer

    def result(self, index, path):
        numpy.savez(path, out=self.results[int(index)].numpy())
        return {}


if __name__ == "__main__":
    peers = Peers()
    serve(load=peers.load, run=peers.run, result=peers.result)
