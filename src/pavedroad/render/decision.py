"""A page about the decision alone, for somebody who has to live with it: the answer, why, and how close it was."""

from pavedroad.render import words
from pavedroad.render.explanation import POINT, explain, find_distances, name_measure
from pavedroad.render.html import _load_environment as load_environment
from pavedroad.render.html import _read_style as read_style
from pavedroad.render.html import _to_policy as to_policy
from pavedroad.render.html import _trust as trust
from pavedroad.render.verdict import sort_checks, to_verdict
from pavedroad.report import Report

_MOST = 200


def to_decision_page(report: Report) -> str:
    """Render the gate's report as one self-contained page; every text in it is cleaned and escaped."""
    style = read_style()
    verdict = to_verdict([report])
    about = report.about
    measure = name_measure(report)
    close = {item.check.id: item for item in find_distances(report)}
    rows = [
        {
            "outcome": check.outcome.value,
            "symbol": words.SYMBOLS[check.outcome],
            "word": words.WORDS[check.outcome],
            "title": words.clean(check.title),
            "reason": words.clean(check.reason, 600),
            "observed": words.observed(check, report.run),
            "expected": words.words(check.expected),
            "room": close[check.id].room if check.id in close else words.NOTHING,
        }
        for check in sort_checks(report.checks)[:_MOST]
    ]
    page = (
        load_environment()
        .get_template("decision.html.j2")
        .render(
            policy=to_policy(style),
            style=trust(style),
            name=words.clean(about.get("project", ""), 80) or "A model",
            owner=words.clean(about.get("owner", ""), 120),
            statement=words.clean(about.get("statement", "")),
            measure=measure,
            verdict=verdict,
            sign=words.SYMBOLS[verdict.outcome],
            parts=_group([line for line in explain(report) if line != measure]),  # it stands above the numbers
            rows=rows,
            left_out=max(0, len(report.checks) - _MOST),
        )
    )
    return page + "\n"


def _group(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Each sentence of an explanation with the points below it."""
    parts: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith(POINT):
            parts[-1][1].append(words.clean(line.removeprefix(POINT), 700))
        else:
            parts.append((words.clean(line, 700), []))
    return parts
