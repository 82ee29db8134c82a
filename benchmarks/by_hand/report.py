"""A summary for the job's page."""

import os
from pathlib import Path

from common import read

found = read("evaluate.json")
text = [
    f"## The gates say {'yes' if read('gate.json')['yes'] else 'no'}",
    "| | value |",
    "| --- | --- |",
    f"| model | {found['model']:.4g} |",
    f"| baseline | {found['baseline']:.4g} |",
    f"| better by | {found['low']:.4g} to {found['high']:.4g} |",
    f"| latency | {read('latency.json')['p95']:.3g} ms |",
]
with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a") as file:
    file.write("\n".join(text) + "\n")
