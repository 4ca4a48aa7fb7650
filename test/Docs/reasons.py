"""Checks that docs/Raising.md lists every reason that raising gives.

usage: reasons.py SOURCE_ROOT
"""

import glob
import os
import re
import sys

# The code is the first string given to because() or refusalAt().
CODE = re.compile(r'(?:because|refusalAt)\((?:[^"();]|\([^()]*\))*?"([a-z-]+)"')


def main():
    root = sys.argv[1]
    codes = set()
    for path in glob.glob(os.path.join(root, "lib/Dialect/HDP/Transforms/Raise*.cpp")):
        with open(path) as file:
            codes |= set(CODE.findall(file.read()))
    with open(os.path.join(root, "docs/Raising.md")) as file:
        listed = set(re.findall(r"^\| `([a-z-]+)` \|", file.read(), re.M))
    missing = sorted(codes - listed)
    print("%d reasons; missing in docs/Raising.md: %s" % (len(codes), ", ".join(missing) or "none"))
    return 1 if missing or not codes else 0


if __name__ == "__main__":
    sys.exit(main())
