"""Imports StableHLO files and compares what is raised with an index of attentions; fails when a
number differs.

usage: stablehlo_files.py HDP_IMPORT FOLDER_WITH_INDEX OUTPUT
"""

import csv
import json
import os
import subprocess
import sys

program, folder, output = sys.argv[1:]
os.makedirs(output, exist_ok=True)
with open(os.path.join(folder, "index.tsv"), encoding="utf-8") as file:
    rows = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
failed = 0
for name in sorted(os.listdir(os.path.join(folder, "stablehlo"))):
    stem = name[:-len(".mlir")]
    row = rows["%s__stablehlo.linalg.mlir" % stem]
    made = os.path.join(output, name)
    subprocess.run([sys.executable, program, "stablehlo", os.path.join(folder, "stablehlo", name),
                    "--output=" + made, "--manifest=" + made + ".json"], check=True,
                   stdout=subprocess.DEVNULL)
    report = subprocess.run(["hdp-opt", made, "--hdp-raise-pipeline", "--hdp-raise-report=-"],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    raised, expected = json.loads(report)["raised"], int(row["attentions"])
    failed += raised != expected
    print("%s: %d of %d%s" % (stem, raised, expected, "" if raised == expected else " differs"))
sys.exit(1 if failed else 0)
