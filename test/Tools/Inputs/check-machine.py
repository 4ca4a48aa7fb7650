"""Checks a report, a trace and a page of hdp-run's machine against each other.

usage: check-machine.py CPU.json MACHINE.json TRACE.json PAGE.html
"""

import json
import re
import sys
import xml.dom.minidom

cpu, report, trace = (json.load(open(path)) for path in sys.argv[1:4])
for key in ("correct", "total", "samples", "pruned_fraction", "gated_fraction"):
    assert cpu[key] == report[key], key
assert cpu["accelerator"] is None and cpu["cycles"] is None
layers = report["layers"]
for mine, other in zip(layers, cpu["layers"]):
    for key in ("full_blocks", "pruned_blocks", "heads", "gated_heads", "saturated", "nan"):
        assert mine[key] == other[key], key

for key in ("cycles", "macs", "dram_bytes"):
    assert report[key] == sum(layer[key] for layer in layers) > 0, key
    assert report[key] == report["accelerator"][key]
assert abs(report["energy_pj"] - sum(layer["energy_pj"] for layer in layers)) < 1e-3
assert report["cycles_per_sample"] * report["samples"] == report["cycles"]
# Dense operations in the time.
operations = sum(layer["accelerator"]["dense_operations"] for layer in layers)
assert abs(report["effective_gops"] - operations / report["cycles"]) < 1e-6
for layer in layers + [report]:
    part = layer["accelerator"]
    for reading in ("fixed", "brick"):
        assert 0 < part[reading]["mac_utilisation"] <= 1
        for dense in part["baselines"].values():
            ratio = dense[reading]["cycles"] / part[reading]["cycles"]
            assert abs(dense[reading]["speed_up"] - ratio) < 1e-9

events = trace["traceEvents"]
tracks = {(event["pid"], event["tid"]): event["args"]["name"]
          for event in events if event["name"] == "thread_name"}
commands = [event for event in events if event["ph"] == "X" and "command" in event["args"]]
assert all((event["pid"], event["tid"]) in tracks for event in commands)
assert {event["args"]["layer"] for event in commands} == {"layer 0", "layer 1"}
places = [event["args"]["location"] for event in events if "location" in event.get("args", {})]
assert places == [layer["location"] for layer in layers]

page = open(sys.argv[4]).read()
pictures = re.findall(r"<svg.*?</svg>", page, re.S)
for picture in pictures:
    xml.dom.minidom.parseString(picture)
assert len(pictures) >= 3, len(pictures)
assert "<script" not in page
assert not re.search(r"(src|href)=", page)
assert all(layer["location"] in page for layer in layers)
