"""Compares the tables of docs/Report.md with reports.

usage: report-keys.py REPORT.md RUN.json SIM.json

A comment `keys: NAME` stands before the table of the object NAME; the first
cells of its rows name the keys.  Prints every key that only one side has.
"""

import json
import re
import sys


def documented(path):
    tables, name = {}, None
    for line in open(path):
        mark = re.match(r"<!-- keys: ([\w-]+) -->", line)
        if mark:
            name = mark.group(1)
            tables[name] = set()
        elif line.startswith("#"):
            name = None
        elif name and line.startswith("| `"):
            tables[name].update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return tables


def machine_objects(report):
    """The objects of a run on a machine, by name."""
    unit = max(report["fixed"]["units"], key=len)  # the gate has no core
    return {"machine-run": report, "reading": report["fixed"], "unit": unit,
            "head": report["heads"][0], "baseline": report["baselines"]["dense16"],
            "baseline-reading": report["baselines"]["dense8"]["brick"]}


def main():
    tables = documented(sys.argv[1])
    run, sim = (json.load(open(path)) for path in sys.argv[2:4])
    found = [{"run": run, "layer": run["layers"][0]}]
    found += map(machine_objects, (run["accelerator"], sim, run["layers"][0]["accelerator"]))
    wrong = 0
    for objects in found:
        for name, value in objects.items():
            for key in sorted(set(value) ^ tables[name]):
                wrong += 1
                print("%s: %s is only in %s" % (name, key, "the report" if key in value
                                                else "the documentation"))
    seen = set().union(*found)
    for name in sorted(set(tables) - seen):
        wrong += 1
        print("%s: no such object in a report" % name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
