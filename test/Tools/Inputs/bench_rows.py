"""Checks what hdp-bench wrote: bench_rows.py FILE.json COMMAND KEY...; prints each row's name.

Every row has the keys, with a number that is finite and a time above 0; the machine is named.
"""

import json
import math
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    bench = json.load(file)
assert bench["command"] == sys.argv[2], bench["command"]
assert bench["host"]["processor"] and bench["host"]["cores"] >= 1, bench["host"]
assert isinstance(bench["host"]["instruction_sets"], list)
assert bench["rows"]
for row in bench["rows"]:
    for key in sys.argv[3:]:
        assert key in row, "%s without %s" % (row, key)
    assert row["milliseconds"] > 0, row
    for key, value in row.items():
        assert not isinstance(value, float) or math.isfinite(value), (key, value)
    print(row["implementation"])
