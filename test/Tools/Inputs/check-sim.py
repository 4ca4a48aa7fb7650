"""Checks a report, a trace and outputs of hdp-sim against each other."""

import json
import sys

import numpy

report = json.load(open(sys.argv[1]))
for key in ("cycles", "macs", "dram_bytes", "energy_pj", "effective_gops", "mac_utilisation",
            "pruned_fraction", "gated_fraction", "heads", "fixed", "brick", "machine"):
    assert key in report, key
assert report["dram_bytes"] == sum(head["dram_bytes"] for head in report["heads"])
for reading in ("fixed", "brick"):
    part = report[reading]
    for unit in part["units"]:
        assert unit["busy"] + unit["idle"] + sum(unit["stalled"].values()) == part["cycles"]
    low, high = part["energy_pj"]["total"]
    assert 0 < low <= high
assert report["brick"]["cycles"] <= report["fixed"]["cycles"] == report["cycles"]

events = json.load(open(sys.argv[2]))["traceEvents"]
assert sum(event["ph"] == "X" for event in events) == report["commands"]

outputs = numpy.load(sys.argv[3])
assert outputs["o"].shape == (96, 32) and outputs["out"].shape == (2, 48, 32)
assert outputs["out"].any()
