"""One page of HTML that a stakeholder understands and that loads nothing: the evidence, drawn and in words."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pavedroad.errors import EvidenceError, MissingExtraError
from pavedroad.foundation.text import capitalise
from pavedroad.render import words
from pavedroad.render.columns import Group, group_checks
from pavedroad.render.histories import tell_history
from pavedroad.render.lineage import find_lineage, lay_out_graph
from pavedroad.render.moments import UNITS
from pavedroad.render.pictures import describe, draw
from pavedroad.render.relevance import choose_figures, mark_drifted
from pavedroad.render.runs import find_facts, find_versions, to_times
from pavedroad.render.verdict import (
    Row,
    find_attention,
    find_comparison,
    find_gate,
    sort_checks,
    to_rows,
    to_verdict,
)
from pavedroad.report import Check, Figure, Outcome, Report, Run, Scalar

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_CHECKS = 500
"""Checks of one stage that are listed."""

MOST_ROWS = 60
"""Rows of one picture's numbers that are listed."""

_FOLD_FROM = 6
"""From so many passed checks on, they are folded away."""

MOST_COLUMNS = 200
"""Columns of one stage that are listed."""

_OPEN_COLUMNS = 12
"""So many columns are open to view, and all that did not pass; the others are folded away."""

_PAGES = frozenset({"drift-evidently.html"})
"""What a report may lead to beside this page; a link is never made of a report's own words."""

_MOST_OF_COLUMN = 50
_MOST_EVIDENCE = 10
_MOST_ATTENTION = 8
_MOST_STAGES = 60
_MOST_INPUTS = 50

_TITLES = {
    "validate": "Data validation",
    "contract": "What changed in the promises about the data",
    "train": "Training",
    "evaluate": "Evaluation",
    "drift": "Drift",
    "package": "Package",
    "latency": "Latency",
    "gate": "The decision",
}

_LEGENDS = {
    "fit": "Grey: actual. Blue: predicted.",
    "confusion": "Rows: what was true. Columns: what was predicted.",
    "reliability": "Each dot is a bin of about as many rows; on the dashed line, chances are what they say.",
    "effects": "Bars: size of the change. Upright marks: from here on it is material. Drifted: not by chance, either.",
}


@dataclass(frozen=True)
class _Line:
    """A check as the page shows it."""

    id: str
    title: str
    outcome: Outcome
    symbol: str
    word: str
    observed: str
    expected: str
    reason: str
    evidence: str
    where: str


@dataclass(frozen=True)
class _Picture:
    """A figure as the page shows it: the drawing, or a note why there is none, and the numbers."""

    kind: str
    title: str
    description: str
    legend: str
    svg: str
    note: str
    head: list[str]
    rows: list[list[str]]
    rows_left_out: int


@dataclass(frozen=True)
class _Column:
    """A column of the data as the page shows it."""

    name: str
    facts: str
    outcome: Outcome
    symbol: str
    word: str
    checks: list[_Line]
    checks_left_out: int
    picture: _Picture | None


@dataclass(frozen=True)
class _Section:
    """A stage as the page shows it."""

    anchor: str
    title: str
    row: Row
    open_checks: list[_Line]
    folded_checks: list[_Line]
    folded_title: str
    checks_left_out: int
    open_columns: list[_Column] = field(default_factory=list)
    folded_columns: list[_Column] = field(default_factory=list)
    columns_left_out: int = 0
    pictures: list[_Picture] = field(default_factory=list)
    pictures_left_out: int = 0
    inputs: list[dict[str, str]] = field(default_factory=list)
    page: str = ""
    """A page of the vendor's own beside this one, by its file's name."""


def to_html(reports: Sequence[Report]) -> str:
    """Render reports, in road order, as one self-contained page; any subset of the road renders.

    Every text in a report is treated as hostile: it is escaped, shortened and put on one line, with invisible
    characters written out. The page's own policy forbids scripts, forms and every load from elsewhere. Without
    the package that draws, the page shows each picture's numbers as a table and says what to install.
    """
    environment = _load_environment()
    reports = list(reports)[:_MOST_STAGES]
    gate = find_gate(reports)
    about = {} if gate is None else gate.about
    verdict = to_verdict(reports)
    comparison = find_comparison(reports)
    compared = None if comparison is None else comparison.figure
    sections = [
        _to_section(f"stage-{place}", report, row, compared)
        for place, (report, row) in enumerate(zip(reports, to_rows(reports), strict=True), start=1)
    ]
    anchors = {id(report): section.anchor for report, section in zip(reports, sections, strict=True)}
    attention = [
        {"anchor": anchors[id(report)], "check": _to_line(check, report.run)}
        for report, check in find_attention(reports)
        if check.outcome is not Outcome.SKIPPED
    ]
    style = _read_style()
    page = environment.get_template("page.html.j2").render(
        policy=_to_policy(style),
        style=_trust(style),
        name=words.clean(about.get("project", ""), 80) or "A model",
        owner=words.clean(about.get("owner", ""), 120),
        statement=words.clean(about.get("statement", "")),
        baseline_name=words.clean(about.get("baseline", ""), 60),
        verdict=verdict,
        sign=words.SYMBOLS[verdict.outcome],
        comparison=comparison,
        comparison_picture=None if compared is None else _to_picture(compared, []),
        sections=sections,
        attention=attention[:_MOST_ATTENTION],
        attention_left_out=max(0, len(attention) - _MOST_ATTENTION),
        lineage=find_lineage(reports),
        graph=lay_out_graph(reports),
        facts=find_facts(reports),
        runs=to_times(reports),
        versions=find_versions(reports),
    )
    return page + "\n"


def _to_section(anchor: str, report: Report, row: Row, compared: Figure | None) -> _Section:
    figures, left_out = choose_figures(report)
    wide, groups = group_checks(report.checks, figures)
    ordered = sort_checks(wide)
    shown = [_to_line(check, report.run) for check in ordered[:MOST_CHECKS]]
    passed = [line for line in shown if line.outcome is Outcome.PASS]
    fold = len(passed) >= _FOLD_FROM
    columns = [_to_column(group, report) for group in groups[:MOST_COLUMNS]]
    open_columns = [column for column in columns if column.outcome not in {Outcome.PASS, Outcome.SKIPPED}]
    fine = [column for column in columns if column.outcome in {Outcome.PASS, Outcome.SKIPPED}]
    room = max(0, _OPEN_COLUMNS - len(open_columns))
    beside = {id(group.figure) for group in groups}
    return _Section(
        anchor=anchor,
        title=_TITLES.get(report.stage, row.stage),
        row=row,
        open_checks=[line for line in shown if line.outcome is not Outcome.PASS] if fold else shown,
        folded_checks=passed if fold else [],
        folded_title=f"{words.plural(len(passed), 'check')} {'of the whole table ' if groups else ''}passed",
        checks_left_out=max(0, len(ordered) - MOST_CHECKS),
        open_columns=open_columns + fine[:room],
        folded_columns=fine[room:],
        columns_left_out=max(0, len(groups) - MOST_COLUMNS),
        pictures=[
            _to_picture(figure, report.checks)
            for figure in figures
            if figure.kind not in {"flow", "graph"} and figure is not compared and id(figure) not in beside
        ],
        pictures_left_out=left_out,
        inputs=[
            {
                "path": words.clean(file.path),
                "digest": words.digest(file.sha256),
                "rows": words.NOTHING if file.rows is None else words.number(file.rows),
            }
            for file in report.inputs[:_MOST_INPUTS]
        ],
        page=report.about["page"] if report.about.get("page") in _PAGES else "",
    )


def _to_column(group: Group, report: Report) -> _Column:
    lines = [_to_line(check, report.run) for check in group.checks[:_MOST_OF_COLUMN]]
    prefix = f"`{words.clean(group.name)}`: "
    picture = None if group.figure is None else _to_picture(group.figure, report.checks)
    if picture is not None:  # the column's name stands above it; a note behind the name, such as how many rows, stays
        picture = replace(picture, title=picture.title.removeprefix(words.clean(group.name, 120)).strip(" ()"))
    return _Column(
        name=words.clean(group.name, 120),
        facts=" · ".join([*(words.clean(fact, 60) for fact in group.facts), *tell_history(report.run, group.name)]),
        outcome=group.outcome,
        symbol=words.SYMBOLS[group.outcome],
        word=words.WORDS[group.outcome],
        checks=[replace(line, title=capitalise(line.title.removeprefix(prefix))) for line in lines],
        checks_left_out=max(0, len(group.checks) - _MOST_OF_COLUMN),
        picture=picture,
    )


def _to_line(check: Check, run: Run | None) -> _Line:
    return _Line(
        id=words.clean(check.id, 160),
        title=words.clean(check.title),
        outcome=check.outcome,
        symbol=words.SYMBOLS[check.outcome],
        word=words.WORDS[check.outcome],
        observed=words.observed(check, run),
        expected=words.words(check.expected),
        reason=words.clean(check.reason, 600),
        evidence=_to_evidence(check),
        where=words.place(check.where),
    )


def _to_evidence(check: Check) -> str:
    items = [
        f"{words.clean(name, 60)}: {words.words(check.evidence[name]) or words.NOTHING}"
        for name in [*check.evidence][:_MOST_EVIDENCE]
    ]
    more = len(check.evidence) - len(items)
    return "; ".join(items) + (f"; and {more:,} more" if more else "")


def _to_picture(figure: Figure, checks: list[Check]) -> _Picture:
    svg, note = "", ""
    try:
        svg = _trust(draw(mark_drifted(figure, checks) if figure.kind == "effects" else figure))
    except (EvidenceError, MissingExtraError) as error:
        note = f"There is no picture. {error}"
    # The milliseconds of a time are for the renderer; the name of its bin tells people the same.
    hidden = {"low", "high"} if figure.kind == "distribution" and figure.unit in UNITS else set()
    shown = {name: column for name, column in figure.data.items() if name not in hidden}
    head = list(shown)
    longest = max(map(len, shown.values()), default=0)
    cells = [[words.words(cell) for cell in column[:MOST_ROWS]] for column in shown.values()]
    return _Picture(
        kind=figure.kind,
        title=words.clean(figure.title, 120),
        description=describe(figure),
        legend=_describe_legend(figure),
        svg=svg,
        note=note,
        head=head,
        rows=[[column[row] if row < len(column) else "" for column in cells] for row in range(min(longest, MOST_ROWS))],
        rows_left_out=max(0, longest - MOST_ROWS),
    )


def _describe_legend(figure: Figure) -> str:
    if figure.kind == "distribution" and "reference" in figure.data.get("side", []):
        return "Filled: reference. Outlined: current."
    if figure.kind == "fit" and "at" not in figure.data:
        return "Each dot is a row; on the dashed line the prediction is exact."
    return _LEGENDS.get(figure.kind, "")


@cache
def _load_environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pavedroad.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_show,
    )
    environment.filters["prose"] = _tell
    return environment


@cache
def _read_style() -> str:
    return (files("pavedroad.render") / "templates" / "page.css").read_text(encoding="utf-8")


def _to_policy(style: str) -> str:
    """The page's policy: our own style by its hash, the empty icon, and nothing else at all."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _show(value: Scalar) -> Scalar:
    """The last net under every expression of the template: no text reaches the page unless it was cleaned."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return words.clean(value, 2000)
    return "" if value is None else words.words(value)


def _tell(text: str) -> str:
    """A sentence in which names between backticks stand as code."""
    from markupsafe import Markup, escape

    parts = [(escape(part), code) for part, code in words.split_code(text, 2000)]
    return Markup("").join(Markup("<code>{}</code>").format(part) if code else part for part, code in parts)


def _trust(ours: str) -> str:
    """Let through what is ours: the style sheet, and drawings that were checked element by element."""
    from markupsafe import Markup

    return Markup(ours)  # noqa: S704 - never called with a report's text
