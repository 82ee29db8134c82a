"""Two-sample tests, column by column, with Holm's correction."""

import sys

from common import read_table, split, write
from scipy import stats

reference, current = split(read_table())
found = {}
for name in reference.columns.drop("date"):
    if reference[name].dtype.kind in "fi":
        test = stats.ks_2samp(reference[name], current[name])
        found[name] = {"p": float(test.pvalue), "effect": float(test.statistic)}
    else:
        counts = [side[name].value_counts() for side in (reference, current)]
        kinds = sorted(set(counts[0].index) | set(counts[1].index))
        test = stats.chi2_contingency([[side.get(kind, 0) for kind in kinds] for side in counts])
        found[name] = {"p": float(test.pvalue), "effect": 0.0}
ranked = sorted(found, key=lambda name: found[name]["p"])
drifted = []
for rank, name in enumerate(ranked):
    if found[name]["p"] * (len(ranked) - rank) > 0.05:
        break
    if found[name]["effect"] >= 0.5:
        drifted.append(name)
write("drift.json", {"columns": found, "drifted": drifted})
sys.exit(1 if drifted else 0)
