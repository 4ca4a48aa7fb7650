"""Finding what a route needs: Python packages, torch-mlir's programs, the user's factory."""

import importlib
import os
import shutil
import subprocess
import sys

from .model import ImportFailure

MISSING = 3  # exit code: a package is missing


def need(module, package):
    """The module, or an error that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportFailure("this needs the package %s (%s); in a virtual environment: "
                            "pip install %s" % (package, error, package), MISSING)


def load_factory(text):
    """MODULE:FACTORY -> the callable. MODULE is a module's name or a path to a .py file."""
    name, colon, attribute = text.rpartition(":")
    if not colon or not name or not attribute:
        raise ImportFailure("expected MODULE:FACTORY, found '%s'" % text, 2)
    folder = os.getcwd()
    if name.endswith(".py"):
        if not os.path.isfile(name):
            raise ImportFailure("%s: no such file" % name)
        folder, name = os.path.dirname(os.path.abspath(name)), os.path.basename(name)[:-3]
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise ImportFailure("module '%s': %s" % (name, error))
    factory = getattr(module, attribute, None)
    if not callable(factory):
        raise ImportFailure("module '%s': expected a function '%s', found %s"
                            % (name, attribute, "none" if factory is None
                               else type(factory).__name__))
    return factory


def call_factory(text, sizes, expected):
    """What the factory returns: a tuple with one of `sizes` as its length."""
    made = load_factory(text)()
    if not isinstance(made, tuple) or len(made) not in sizes:
        raise ImportFailure("%s: expected %s, found %s"
                            % (text, expected, type(made).__name__ if not isinstance(made, tuple)
                               else "%d values" % len(made)))
    return made


def first_error(text):
    """The first line of a program's diagnostics that says error."""
    lines = [line for line in text.splitlines() if "rror" in line] or text.splitlines()
    return lines[0] if lines else "it said nothing"


def run(command, source=None):
    """The standard output of a program; its first error line if it fails."""
    done = subprocess.run(command, input=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        program = command[2] if command[1:2] == ["-m"] else os.path.basename(command[0])
        raise ImportFailure("%s: %s" % (program, first_error(done.stderr)))
    return done.stdout


def torch_mlir_opt(text, passes):
    """`text` after a pass pipeline of torch-mlir's own opt, which its package brings."""
    beside = os.path.join(os.path.dirname(sys.executable), "torch-mlir-opt")
    program = beside if os.path.exists(beside) else shutil.which("torch-mlir-opt")
    if not program:
        raise ImportFailure("torch-mlir-opt: not found; in a virtual environment: "
                            "pip install torch-mlir", MISSING)
    return run([program, "-", "--pass-pipeline=builtin.module(%s)" % passes], text)
