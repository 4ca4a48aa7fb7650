"""Fails if the documentation names an option that no tool and no script has."""

import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1])
TOOLS = [[tool] for tool in (
    "hdp-opt", "hdp-run", "hdp-golden", "hdp-sim", "hdp-translate",
    "hdp-objdump", "hdp-raise-check", "hdp-reduce", "mlir-translate")]
TOOLS += [["hdp-bench", name]
          for name in ("attention", "model", "machine", "compile")]
# Read before LLVM reads options; of programs that are not run here.
OTHERS = {"--hdp-raise-report", "--gtest_filter", "--text"}

OPTION = re.compile(r"(?<![\w-])--[A-Za-z][\w-]*\w")

known = set(OTHERS)
for tool in TOOLS:
    known |= set(OPTION.findall(subprocess.run(
        tool + ["--help-hidden"], capture_output=True, text=True).stdout))
for folder in ("utils", "tools", "models"):
    for path in (SOURCE / folder).rglob("*"):
        if path.is_file() and path.suffix in ("", ".py"):
            known |= set(OPTION.findall(path.read_text()))

pages = [SOURCE / "README.md", *SOURCE.glob("docs/**/*.md"),
         *SOURCE.glob("examples/**/*.md"), *SOURCE.glob("models/**/*.md")]
found = 0
missing = []
for page in pages:
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for option in OPTION.findall(line):
            found += 1
            if option not in known:
                missing.append(f"{page}:{number}: no tool has {option}")
print("\n".join(missing))
sys.exit(bool(missing) or found < 100)
