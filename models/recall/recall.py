#!/usr/bin/env python3
"""The project's own small model: makes its files, or checks that they are current.

  recall.py --check   regenerate test set, manifests and IR, compare them with
                      the files here; check the weights' names and shapes and
                      that they reach the accuracy in README.md
  recall.py --write   write test set, manifests and IR
  recall.py --train   train (some minutes on one core), then write everything

Needs numpy only.  The training itself is not repeated by --check: its result
depends on the order of additions in the linear algebra library at hand.
"""

import argparse
import json
import os
import sys

import numpy as np

import emit
import network
import safetensors
import task

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = "recall.safetensors"
TEST_SET = "recall_test.safetensors"
TEST_SEED = 7
TEST_SIZE = 512
BATCHES = {"": 1, "_b8": 8}
EXACT_CORRECT = 505  # of TEST_SIZE, in float32


def test_set():
    tokens, mask, answers = task.batch(np.random.default_rng(TEST_SEED), TEST_SIZE)
    return {"tokens": tokens, "attention_mask": mask, "label": answers}


def manifest(count):
    """What hdp-run needs to know of the model for `count` sequences at a time."""
    listed = [{"index": i, "name": name, "type": element, "shape": list(shape)}
              for i, (name, shape, element) in enumerate(emit.arguments(count))]
    document = {
        "function": "main",
        "note": "recall: a two-step look-up, %d sequences of up to %d tokens, padded"
                % (count, task.LENGTH),
        "inputs": listed[:2],
        "weights": {"file": WEIGHTS, "arguments": listed[2:]},
        "results": [{"index": 0, "name": "logits", "type": "f32",
                     "shape": [count, task.VALUES]}],
        "dataset": {"file": TEST_SET,
                    "inputs": {"tokens": "tokens", "attention_mask": "attention_mask"},
                    "labels": "label"},
    }
    return json.dumps(document, indent=1) + "\n"


def generated():
    """Name and bytes of every file that follows from the scripts alone."""
    files = {TEST_SET: safetensors.write(test_set())}
    for suffix, count in BATCHES.items():
        files["recall%s.json" % suffix] = manifest(count).encode()
        files["recall%s__eager.linalg.mlir" % suffix] = emit.module(count).encode()
    return files


def path(name):
    return os.path.join(HERE, name)


def correct(weights):
    data = test_set()
    values = network.logits(weights, data["tokens"], data["attention_mask"])
    return int((values.argmax(-1) == data["label"]).sum())


def check():
    """Every difference between the files here and what the scripts say, as a line."""
    problems = []
    for name, content in generated().items():
        if not os.path.exists(path(name)):
            problems.append("%s: missing" % name)
        elif open(path(name), "rb").read() != content:
            problems.append("%s: differs from what the scripts generate" % name)
    weights = safetensors.read(path(WEIGHTS))
    shapes = {name: array.shape for name, array in weights.items()}
    if shapes != dict(network.parameters()):
        problems.append("%s: names or shapes differ from the network's" % WEIGHTS)
    elif abs(correct(weights) - EXACT_CORRECT) > 1:  # a tie may fall either way
        problems.append("%s: %d of %d correct, expected %d" % (
            WEIGHTS, correct(weights), TEST_SIZE, EXACT_CORRECT))
    return problems


def write(files):
    for name, content in files.items():
        with open(path(name), "wb") as file:
            file.write(content)
        print("%s: %d bytes" % (name, len(content)))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    for name in ("check", "write", "train"):
        mode.add_argument("--" + name, action="store_true")
    options = parser.parse_args()
    if options.check:
        problems = check()
        print("\n".join(problems) or "recall: all files are current, %d of %d correct" % (
            EXACT_CORRECT, TEST_SIZE))
        return 1 if problems else 0
    if options.train:
        import train
        weights = train.train()
        write({WEIGHTS: safetensors.write(weights)})
        print("exact attention: %d of %d correct" % (correct(weights), TEST_SIZE))
    write(generated())
    return 0


if __name__ == "__main__":
    sys.exit(main())
