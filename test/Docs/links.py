"""Checks that what the documentation points at exists.

usage: links.py SOURCE_ROOT

Relative links of the .md files; pages of docs/ wherever sources mention them; and
paths in backticks in the .md files that begin with a folder of this tree.
"""

import os
import re
import sys

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
MENTION = re.compile(r"\bdocs/[A-Za-z/]+\.md\b")
PATH = re.compile(r"`((?:include|lib|test|tools|utils|models|docs|cmake)/[\w./-]+)`")


def targets(path, name, text):
    """Every target in a file, as a path from the root."""
    for found in MENTION.finditer(text):
        yield found.start(), found.group()
    if name.endswith(".md"):
        for found in LINK.finditer(text):
            yield found.start(), os.path.normpath(os.path.join(os.path.dirname(path),
                                                               found.group(1)))
        for found in PATH.finditer(text):
            yield found.start(), found.group(1)


def main():
    root, count, broken = sys.argv[1], 0, 0
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
        for name in names:
            if not name.endswith((".md", ".h", ".cpp", ".td", ".py", ".test")):
                continue
            path = os.path.relpath(os.path.join(folder, name), root)
            with open(os.path.join(folder, name)) as file:
                text = file.read()
            for start, target in targets(path, name, text):
                count += 1
                if not os.path.exists(os.path.join(root, target)):
                    broken += 1
                    print("%s:%d: no %s" % (path, text.count("\n", 0, start) + 1, target))
    print("%d links, %d broken" % (count, broken))
    return 1 if broken or not count else 0


if __name__ == "__main__":
    sys.exit(main())
