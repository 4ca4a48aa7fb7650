"""The options of hdp-import, and what it writes."""

import argparse
import os
import sys

from . import from_jax, from_onnx, from_stablehlo, from_torch
from .migrate import migrate, refuse_left_overs, rule_table
from .model import ImportFailure, check, manifest, write_safetensors

EXIT_CODES = """exit codes: 0 done, 1 the model cannot be imported, 2 wrong options,
3 a Python package is missing"""

ROUTES = {
    "torch": (from_torch.import_torch, "MODULE:FACTORY",
              "a function that returns (torch.nn.Module, example arguments); the arguments are "
              "a tuple, or a dict for arguments by name"),
    "jax": (from_jax.import_jax, "MODULE:FACTORY",
            "a function that returns (function, arguments) or (function, weights, arguments); "
            "the function is called as function(weights, *arguments)"),
    "onnx": (from_onnx.import_onnx, "FILE.onnx", "a model with static shapes"),
    "stablehlo": (from_stablehlo.import_stablehlo, "FILE", "StableHLO as text"),
    "mlir": (from_stablehlo.import_mlir, "FILE", "linalg or TOSA of another version: only the "
             "rules are applied"),
}


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ImportFailure(message + "; see --help", 2)


def make_parser():
    parser = Parser(prog="hdp-import", epilog=EXIT_CODES,
                    description="turn a model into IR that hdp-opt reads, weights and a manifest")
    routes = parser.add_subparsers(dest="route", metavar="ROUTE", required=True,
                                   parser_class=Parser)
    for name, (_, source, text) in ROUTES.items():
        route = routes.add_parser(name, help=text, description=text)
        route.add_argument("source", metavar=source)
        route.add_argument("--output", required=True, metavar="FILE.mlir", help="the IR")
        route.add_argument("--manifest", metavar="FILE.json", help="the manifest for hdp-run")
        route.add_argument("--dataset", metavar="FILE.safetensors",
                           help="a data set for the manifest: tensors named like the inputs")
        route.add_argument("--labels", metavar="TENSOR", help="the data set's labels")
        if name in ("torch", "jax", "onnx"):
            route.add_argument("--weights", metavar="FILE.safetensors",
                               help="the weights (default with --manifest: beside the IR)")
        if name in ("torch", "jax"):
            route.add_argument("--example", metavar="FILE.safetensors",
                               help="write the example arguments and the framework's results "
                                    "(expected.result0, ..); a data set for the manifest")
        if name in ("torch", "onnx"):
            route.add_argument("--form", choices=["linalg", "tosa"], default="linalg")
        if name == "torch":
            route.add_argument("--attention", choices=["op", "decomposed"], default="op",
                               help="keep F.scaled_dot_product_attention as one op (linalg)")
            route.add_argument("--max-constant", type=int, default=1024, metavar="N",
                               help="buffers of up to N elements stay constants")
    routes.add_parser("rules", help="print the rules that rewrite syntax, as a table")
    return parser


def write_text(path, text):
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write(imported, options):
    """All files that the options ask for; -> one line with counts: what was imported, and how
    often each rule rewrote something."""
    where = options.source
    imported.text = migrate(imported.text, options.counts)
    refuse_left_overs(imported.text, where)
    function = None
    if imported.results:
        function = check(imported, where)
    weights = getattr(options, "weights", None)
    if imported.weights and options.manifest and not weights:
        if options.output == "-":
            raise ImportFailure("--output=-: --manifest needs --weights", 2)
        weights = os.path.splitext(options.output)[0] + ".safetensors"
    if imported.weights and weights:
        write_safetensors(weights, imported.weights)
    example = getattr(options, "example", None)
    if example:
        expected = [_renamed(tensor, "expected." + tensor.name) for tensor in imported.results]
        write_safetensors(example, imported.inputs + expected)
    write_text(options.output, imported.text)
    if options.manifest:
        write_text(options.manifest, manifest(imported, function, options.manifest, weights,
                                              options.dataset or example, options.labels))
    parts = ["%s: @%s" % (options.output, function) if function else options.output]
    if function:
        parts += ["inputs %d" % len(imported.inputs), "weights %d" % len(imported.weights),
                  "results %d" % len(imported.results)]
    parts += ["%s %d" % item for item in options.counts.items()]
    return ", ".join(parts)


def _renamed(tensor, name):
    return type(tensor)(name, tensor.type, tensor.shape, tensor.read)


def main(arguments):
    try:
        options = make_parser().parse_args(arguments)
        if options.route == "rules":
            sys.stdout.write(rule_table())
            return 0
        if options.labels and not options.dataset:
            raise ImportFailure("--labels needs a --dataset; see --help", 2)
        if options.dataset and not options.manifest:
            raise ImportFailure("--dataset is written into a --manifest; see --help", 2)
        if options.dataset and getattr(options, "example", None):
            raise ImportFailure("expected --dataset or --example, found both; see --help", 2)
        options.counts = {}
        print(write(ROUTES[options.route][0](options), options),
              file=sys.stderr if options.output == "-" else sys.stdout)
        return 0
    except ImportFailure as failure:
        print("hdp-import: error: %s" % failure, file=sys.stderr)
        return failure.code
    except OSError as error:
        print("hdp-import: error: %s: %s" % (error.filename, (error.strerror or "").lower()),
              file=sys.stderr)
        return 1
    except Exception as error:  # the framework or the user's factory
        text = "%s: %s" % (type(error).__name__, " ".join(str(error).split()))
        if os.environ.get("HDP_IMPORT_TRACEBACK"):
            raise
        print("hdp-import: error: %s: %s (HDP_IMPORT_TRACEBACK=1 shows where)"
              % (options.source, text[:400]), file=sys.stderr)
        return 1
