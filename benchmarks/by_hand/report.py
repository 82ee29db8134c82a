"""A summary for the job's page, and one page of HTML with every figure."""

import os
from pathlib import Path

from common import OUT, read
from jinja2 import Environment

PAGE = """<!doctype html><meta charset="utf-8"><title>The gates</title>
<h1>The gates say {{ 'yes' if gate.yes else 'no' }}</h1>
{% for name, found in stages.items() %}<h2>{{ name }}</h2><table>
{% for key, value in found.items() %}<tr><th>{{ key }}</th><td>{{ value }}</td></tr>{% endfor %}
</table>{% endfor %}"""

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
stages = {name: read(f"{name}.json") for name in ("validate", "train", "evaluate", "drift", "manifest", "latency")}
page = Environment(autoescape=True).from_string(PAGE).render(gate=read("gate.json"), stages=stages)
(OUT / "report.html").write_text(page)
