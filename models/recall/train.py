"""Trains the network on fresh samples of the task with Adam; prints its progress."""

import sys
import time

import numpy as np

import network
import task

STEPS = 1200
BATCH = 64
RATE = 2e-3
WARM_UP = 100
SEED = 20250


def rate(step):
    """Linear warm-up, then a half cosine down to zero."""
    if step < WARM_UP:
        return RATE * (step + 1) / WARM_UP
    return RATE * 0.5 * (1 + np.cos(np.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


def train(seed=SEED, out=sys.stdout):
    rng = np.random.default_rng(seed)
    weights = network.initial(rng)
    first = {n: np.zeros_like(w) for n, w in weights.items()}
    second = {n: np.zeros_like(w) for n, w in weights.items()}
    begun, cost, right = time.time(), 0.0, 0.0
    for step in range(STEPS):
        tokens, mask, answers = task.batch(rng, BATCH)
        tape = network.Tape(weights)
        values, backward = network.forward(tape, tokens, mask)
        c, g = network.loss(values, answers)
        backward(g)
        for name, gradient in tape.gradients.items():
            first[name] += np.float32(0.1) * (gradient - first[name])
            second[name] += np.float32(0.02) * (gradient ** 2 - second[name])
            size = np.sqrt(second[name] / (1 - 0.98 ** (step + 1))) + 1e-8
            weights[name] -= (rate(step) / (1 - 0.9 ** (step + 1)) *
                              first[name] / size).astype(np.float32)
        cost += c / 100
        right += (values.argmax(-1) == answers).mean() / 100
        if (step + 1) % 100 == 0:
            print("step %4d  loss %.4f  accuracy %.3f  %.0f s" %
                  (step + 1, cost, right, time.time() - begun), file=out, flush=True)
            cost = right = 0.0
    return weights
