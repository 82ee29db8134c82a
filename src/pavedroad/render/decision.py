"""A page about the decision alone, for somebody who has to live with it: the answer, why, and how close it was."""

from collections.abc import Mapping

from pavedroad.render import words
from pavedroad.render.explanation import explain, find_distances
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
            "room": f"{close[check.id].share:.0%}" if check.id in close else words.NOTHING,
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
            measure=words.clean(_name_measure(about)),
            verdict=verdict,
            sign=words.SYMBOLS[verdict.outcome],
            lines=[words.clean(line, 700) for line in explain(report)],
            rows=rows,
        )
    )
    return page + "\n"


def _name_measure(about: Mapping[str, str]) -> str:
    """What all the numbers about better and worse are in; empty when the report does not say."""
    if not about.get("metric"):
        return ""
    return f"Better and worse are told in {about['metric'].lower()}, where {about.get('better', '')} is better."
