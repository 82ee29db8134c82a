"""The decision."""

import sys

from common import read, write

yes = read("validate.json")["success"] and read("evaluate.json")["low"] > 0 and not read("drift.json")["drifted"]
yes = yes and read("latency.json")["p95"] <= 60_000
write("gate.json", {"yes": yes})
sys.exit(0 if yes else 1)
