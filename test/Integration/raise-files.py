"""Raises every file of an IR folder and compares with what its index says.

usage: raise-files.py FOLDER [--run] [--match REGEX]

One line a file: attentions raised and expected, reasons of refusals. With
--run each file is also run on random arguments, raised against unraised
(hdp-run --compare). A file is wrong when the counts differ and no reason says
why, when results differ, or when a tool fails.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

# Largest error over outputs of order 1; 16-bit models round their scores.
TOLERANCE = {"f16": 2e-2, "f32": 1e-4}


def raised(path, report):
    run = subprocess.run(["hdp-opt", path, "--hdp-raise-pipeline=report=" + report,
                          "-o", os.devnull], capture_output=True, text=True)
    if run.returncode:
        return None, [run.stderr.strip().splitlines()[0] if run.stderr else "no message"]
    with open(report) as file:
        found = json.load(file)
    return found["raised"], [refusal["reason"] for refusal in found["refused"]]


def error_of(path, report):
    run = subprocess.run(["hdp-run", path, "--random=7", "--compare",
                          "--report=json:" + report], capture_output=True, text=True)
    if run.returncode:
        return run.stderr.strip().splitlines()[-1] if run.stderr else "no message"
    with open(report) as file:
        return json.load(file)["unraised"]["max_error"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--match", default="")
    options = parser.parse_args()
    wrong = total = ran = 0
    report = tempfile.mktemp(suffix=".json")
    with open(os.path.join(options.folder, "index.tsv")) as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    for row in rows:
        name, expected = row["file"], int(row["attentions"])
        if not re.search(options.match, name):
            continue
        path = os.path.join(options.folder, name)
        count, reasons = raised(path, report)
        ok = count is not None and count + len(reasons) == expected
        # Only a softmax in integers may stay.
        ok = ok and all(reason == "integer-softmax" for reason in reasons)
        line = "%s: raised %s of %d %s" % (name, count, expected, " ".join(sorted(set(reasons))))
        # A kept op has no unraised form that runs.
        if ok and options.run and count and "sdpakeep" not in name:
            error = error_of(path, report)
            tolerance = TOLERANCE["f16" if "f16" in name else "f32"]
            ok = isinstance(error, (int, float)) and error <= tolerance
            line += "error %.2g" % error if isinstance(error, (int, float)) else str(error)
            ran += 1
        total += 1
        wrong += not ok
        print(line if ok else line + " WRONG", flush=True)
    if os.path.exists(report):
        os.remove(report)
    print("%d files, %d run, %d wrong" % (total, ran, wrong))
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
