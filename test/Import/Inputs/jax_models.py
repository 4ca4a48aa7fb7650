"""jax models of the import tests."""

import jax
import jax.numpy as jnp
import numpy as np

BAND = np.abs(np.arange(16)[:, None] - np.arange(16)) < 6  # a constant i1 mask


def weights_and_inputs():
    keys = jax.random.split(jax.random.key(3), 8)
    draw = lambda key, *shape: jax.random.normal(key, shape, jnp.float32)
    weights = {name: {"kernel": 0.2 * draw(key, 32, 32), "bias": 0.1 * draw(key, 32)}
               for name, key in zip(("query", "key", "value", "output"), keys)}
    lengths = jnp.array([16, 9], jnp.int32)
    return weights, (draw(keys[5], 2, 16, 32), lengths)


def project(weights, x):
    return (x @ weights["kernel"] + weights["bias"]).reshape(*x.shape[:2], 2, -1)


def einsum(weights, x, lengths):
    """Attention with einsum, [batch, rows, heads, depth] throughout."""
    q, k, v = (project(weights[name], x) for name in ("query", "key", "value"))
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) * 16 ** -0.5
    valid = jnp.arange(x.shape[1]) < lengths[:, None]
    scores = jnp.where(valid[:, None, None], scores, -jnp.inf)
    y = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v).reshape(x.shape)
    return jax.nn.gelu(y @ weights["output"]["kernel"], approximate=False)


def library(weights, x, lengths):
    """jax's own function."""
    q, k, v = (project(weights[name], x) for name in ("query", "key", "value"))
    valid = jnp.arange(x.shape[1]) < lengths[:, None]
    y = jax.nn.dot_product_attention(q, k, v, mask=valid[:, None, None] & BAND)
    return y.reshape(x.shape) @ weights["output"]["kernel"]


def make_einsum():
    return (einsum, *weights_and_inputs())


def make_library():
    return (library, *weights_and_inputs())


def make_bf16():
    """Without weights; jax asks for the algorithm of its products."""
    q, k, v = (jax.random.normal(key, (2, 16, 2, 8), jnp.bfloat16)
               for key in jax.random.split(jax.random.key(4), 3))
    return jax.nn.dot_product_attention, (q, k, v)


def make_loop():
    return (lambda x: jax.lax.fori_loop(0, x.shape[0] + jnp.int32(x[0] > 9),
                                        lambda i, y: y + x, x), (jnp.zeros(4),))
