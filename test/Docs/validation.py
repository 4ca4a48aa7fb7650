"""Checks the goals of docs/Validation.md: no figure is below its floor."""

import sys

with open(sys.argv[1], encoding="utf-8") as file:
    goals = file.read().split("<!-- begin: goals -->")[1].split("<!-- end: goals -->")[0]
checked = 0
for line in goals.strip().splitlines()[2:]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != 7:
        continue
    for figure, goal in ((cells[3], cells[4]), (cells[5], cells[6])):
        if goal != "-":
            assert float(figure) >= float(goal.split(",")[0]), line
            checked += 1
assert checked >= 24, checked
