"""Fails if an object needs more than libc and libm: undefined_symbols.py FILE.o"""

import subprocess
import sys

LIBC = {"malloc", "free", "aligned_alloc", "abort", "puts", "memcpy", "memset", "memmove"}
LIBM = {"exp", "expf", "exp2", "exp2f", "log", "logf", "rint", "rintf", "floor", "floorf", "ceil",
        "ceilf", "round", "roundf", "roundeven", "roundevenf", "fma", "fmaf", "ldexp", "ldexpf"}

lines = subprocess.run(["nm", "-u", sys.argv[1]], stdout=subprocess.PIPE, text=True,
                       check=True).stdout.splitlines()
names = {line.split()[-1] for line in lines if line.strip()}
assert "malloc" in names, "no object that allocates: %s" % sorted(names)
others = names - LIBC - LIBM
assert not others, "neither libc nor libm: %s" % sorted(others)
