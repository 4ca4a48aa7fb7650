"""Checks the walls between layers: what each folder's files may include.

usage: layering.py SOURCE_ROOT

A folder may include headers of the folders listed for it, and llvm/ or mlir/
where that is listed; C++ and C library headers anywhere.  Prints every include
that goes through a wall.
"""

import os
import re
import sys

# Folder of include/hdp and lib: what its files may include, in docs/Overview.md's order.
ALLOWED = {
    "Numerics": ["hdp/Numerics"],
    "Support": ["hdp/Support", "llvm"],
    "Machine": ["hdp/Machine", "hdp/Numerics", "hdp/Support", "llvm"],
    "Dialect": ["hdp/Dialect", "hdp/Numerics", "llvm", "mlir"],
    "Target": ["hdp/Target", "hdp/Dialect", "hdp/Machine", "hdp/Numerics", "llvm", "mlir"],
    "Conversion": ["hdp/Conversion", "hdp/Dialect", "hdp/Numerics", "hdp/Support", "llvm",
                   "mlir"],
    "Pipelines": ["hdp/Pipelines", "hdp/Conversion", "hdp/Dialect", "hdp/Numerics", "hdp/Support", "llvm",
                  "mlir"],
    "Execution": ["hdp/Execution", "hdp/Pipelines", "hdp/Conversion", "hdp/Dialect",
                  "hdp/Machine", "hdp/Numerics", "hdp/Support", "hdp/InitAll.h", "llvm", "mlir"],
}
# What a part of a layer may include besides.
ALSO = {"Dialect/HDPA": ["hdp/Machine"], "Conversion/HDPToHDPA": ["hdp/Machine"]}
LIBRARY = re.compile(r"(sys/)?[a-z_0-9]+(\.h)?$")  # <vector>, <math.h>, <sys/mman.h>


def includes(path):
    with open(path) as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#?include\s+["<]([^">]+)[">]', line)
            if found:
                yield number, found.group(1)


def allowed(name, layer, folder):
    own = os.path.join(folder, name)  # a file of the folder, or made from one
    if LIBRARY.match(name) or os.path.exists(own) or os.path.exists(own + ".in"):
        return True
    prefixes = ALLOWED[layer] + [prefix for part, more in ALSO.items()
                                 if "/%s/" % part in folder + "/" for prefix in more]
    return any(name == prefix or name.startswith(prefix + "/") for prefix in prefixes)


def main():
    root, broken, seen = sys.argv[1], 0, 0
    for top in (os.path.join(root, "include", "hdp"), os.path.join(root, "lib")):
        for layer in sorted(os.listdir(top)):
            if not os.path.isdir(os.path.join(top, layer)):
                continue
            if layer not in ALLOWED:
                print("%s: a layer without a line in this test" % os.path.join(top, layer))
                broken += 1
                continue
            for folder, _, names in os.walk(os.path.join(top, layer)):
                for name in sorted(names):
                    if not name.endswith((".h", ".cpp", ".td", ".def")):
                        continue
                    path = os.path.join(folder, name)
                    for number, included in includes(path):
                        seen += 1
                        if not allowed(included, layer, folder):
                            print("%s:%d: %s may not include %s" % (path, number, layer, included))
                            broken += 1
    print("%d includes, %d through a wall" % (seen, broken))
    return 1 if broken or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
