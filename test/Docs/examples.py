"""Parses and verifies every ```mlir block of the documentation.

usage: examples.py SOURCE_ROOT HDP_OPT

Blocks are taken from the .md files and from the descriptions in the .td files;
each is given to hdp-opt on its own.  What is not complete IR (a fragment, with
dots) has to be in a block without a language.
"""

import os
import re
import subprocess
import sys
import textwrap

FENCE = re.compile(r"^( *)```mlir\n(.*?)^ *```", re.M | re.S)


def blocks(root):
    """Path, line and text of every block."""
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
        for name in sorted(names):
            if not name.endswith((".md", ".td")):
                continue
            path = os.path.join(folder, name)
            with open(path) as file:
                text = file.read()
            for found in FENCE.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield path, line, textwrap.dedent(found.group(2))


def main():
    root, tool = sys.argv[1:]
    count = failures = 0
    for path, line, text in blocks(root):
        count += 1
        result = subprocess.run([tool, "-", "-o", os.devnull], input=text, text=True,
                                stderr=subprocess.PIPE)
        if result.returncode:
            failures += 1
            print("%s:%d: this example is refused:\n%s" % (path, line, result.stderr))
    print("%d examples, %d refused" % (count, failures))
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
