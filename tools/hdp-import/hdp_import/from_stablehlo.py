"""StableHLO text -> linalg, by the pass that torch-mlir's package brings."""

from .migrate import migrate, refuse_left_overs
from .model import Imported, ImportFailure, signature, tensors_of
from .wheels import torch_mlir_opt

PASSES = "inline,symbol-dce,canonicalize,stablehlo-legalize-to-linalg,canonicalize,cse"


def lower(text, options):
    text = torch_mlir_opt(migrate(text, options.counts, early=True), PASSES)
    refuse_left_overs(text, options.source)
    return text


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise ImportFailure("%s: %s" % (path, (error.strerror or str(error)).lower()))
    except UnicodeDecodeError:
        raise ImportFailure("%s: expected MLIR as text, found binary data" % path)
    if not text.strip():
        raise ImportFailure("%s: expected MLIR as text, found nothing" % path)
    return text


def describe(text, options):
    """An Imported whose names come from positions, for IR that comes without a framework."""
    text = migrate(text, options.counts)
    if not options.manifest:
        return Imported(text, [], [], [])
    _, arguments, results = signature(text, options.source)
    return Imported(text, tensors_of(arguments, "arg", options.source), [],
                    tensors_of(results, "result", options.source))


def import_stablehlo(options):
    return describe(lower(read_text(options.source), options), options)


def import_mlir(options):
    return describe(read_text(options.source), options)
