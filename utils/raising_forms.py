"""The tables of docs/RaisingForms.md, read off the tests of raising.

A form is a comment block of a test file and the functions after it; a refusal
is a function of the tests of what is missed, with the remark it expects.
"""

import os
import re

FORMS = ["raise-attention-linalg.mlir", "raise-attention-tosa.mlir"]
MISSED = "raise-attention-missed.mlir"
FOLDER = "test/Dialect/HDP"


def read_forms(text):
    """Pairs of a text and the functions that it stands above."""
    forms, comment = [], []
    for line in text.splitlines():
        function = re.match(r"func\.func @(\w+)", line)
        if re.match(r"// [A-Z]+(-[A-Z]+)*:", line) or "expected-" in line:
            continue
        if line.startswith("// "):
            comment.append(line[3:].strip())
        elif function:
            if comment:
                forms.append((" ".join(comment), []))
                comment = []
            if forms:
                forms[-1][1].append(function.group(1))
    return forms


def read_refusals(text):
    """Function, reason code and message of every refusal that is expected."""
    refusals, function = [], ""
    for line in text.splitlines():
        found = re.match(r"func\.func @(\w+)", line)
        if found:
            function = found.group(1)
        remark = re.search(r"expected-remark.*\{\{([a-z-]+): (.*)\}\}", line)
        if remark and (function, remark.group(1), remark.group(2)) not in refusals:
            refusals.append((function, remark.group(1), remark.group(2)))
    return refusals


def generate(root):
    lines = ["# Forms of attention in the tests", "",
             "## Raised", "", "| form | functions | file |", "|---|---|---|"]
    for name in FORMS:
        with open(os.path.join(root, FOLDER, name)) as file:
            for sentence, functions in read_forms(file.read()):
                lines.append("| %s | %s | %s |" % (
                    sentence.replace("|", "\\|"),
                    ", ".join("`%s`" % function for function in functions), name))
    lines += ["", "## Refused", "", "| code | message | function of %s |" % MISSED, "|---|---|---|"]
    with open(os.path.join(root, FOLDER, MISSED)) as file:
        for function, code, message in sorted(read_refusals(file.read()), key=lambda r: r[1:]):
            lines.append("| `%s` | %s | `%s` |" % (code, message.replace("|", "\\|"), function))
    return "\n".join(lines) + "\n"
