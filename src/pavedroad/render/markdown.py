"""The verdict for GitHub: a pull request's comment and a job's summary, as Markdown that no report can break out of."""

from collections.abc import Iterable, Sequence

from pavedroad.render import words
from pavedroad.render.explanation import name_measure
from pavedroad.render.lineage import find_graph, find_lineage
from pavedroad.render.mermaid import draw_comparison, draw_graph, draw_lineage, draw_road
from pavedroad.render.runs import CATCH_UP, find_behind, find_facts
from pavedroad.render.verdict import (
    Comparison,
    Estimate,
    find_attention,
    find_comparison,
    find_gate,
    to_rows,
    to_verdict,
)
from pavedroad.render.words import escape, escape_prose
from pavedroad.report import Check, Outcome, Report, is_note

LONGEST = 60_000
"""Characters at most; GitHub refuses a comment of more than 65,536."""

_MOST_STAGES = 30
_RESERVE = 400
"""Characters kept free for saying what was left out."""

_EMOJI = {
    Outcome.PASS: "✅",
    Outcome.WARN: "⚠️",
    Outcome.FAIL: "❌",
    Outcome.ERROR: "🛑",
    Outcome.SKIPPED: "⏭️",
}


def to_markdown(reports: Sequence[Report]) -> str:
    """Render reports, in road order, as GitHub-flavoured Markdown of at most ``LONGEST`` characters.

    What matters most stands first and is kept longest: the verdict, the key metric, the stages, what did not
    pass. Passed checks are dropped first, and the text says so. Every text of a report comes out inert: no tag,
    link, mention or table cell of its own.
    """
    reports = list(reports)
    opening = _open(reports)
    closing = f"<sub>{' · '.join(f'{label}: {escape(value, 160)}' for label, value in find_facts(reports))}</sub>"
    room = LONGEST - _RESERVE - len(opening) - len(closing)
    blocks = [opening]
    for write, share in ((_tell_stages, 0.5), (_list_attention, 1.0), (_picture, 1.0), (_list_passed, 1.0)):
        block = write(reports, int(room * share))
        if block:
            blocks.append(block)
            room -= len(block) + 2
    return "\n\n".join([*blocks, closing]) + "\n"


def _open(reports: list[Report]) -> str:
    gate = find_gate(reports)
    about = {} if gate is None else gate.about
    verdict = to_verdict(reports)
    project = f": {escape(about['project'], 120)}" if about.get("project") else ""
    parts = [f"## {_EMOJI[verdict.outcome]} {verdict.headline}{project}", f"**{escape_prose(verdict.sentence, 700)}**"]
    if about.get("statement"):
        owner = f" <sub>owner: {escape(about['owner'], 120)}</sub>" if about.get("owner") else ""
        parts.append(f"> {escape(about['statement'])}{owner}")
    if behind := find_behind(reports):
        parts.append(_tell_behind(behind))
    comparison = find_comparison(reports)
    if comparison is not None:
        parts.append(_compare(comparison))
    if gate is not None and (measure := name_measure(gate)):
        parts.append(f"<sub>{escape(measure)}</sub>")
    return "\n\n".join(parts)


def _tell_behind(behind: Sequence[str]) -> str:
    """That the commit does not hold what its code makes, and the one command that mends it."""
    files = " and ".join(f"<code>{escape(file)}</code>" for file in behind)
    return f"⚠️ **The commit is behind its own code**: it lacks the present {files}. Catch up with\n\n    {CATCH_UP}"


def _compare(comparison: Comparison) -> str:
    title = escape(comparison.title) + (f" ({escape(comparison.unit)})" if comparison.unit else "")
    rows = [_measure("**model**", comparison.model)]
    if comparison.baseline is not None:
        rows.append(_measure("baseline", comparison.baseline))
    table = _tabulate((title, "value", "interval"), rows)
    return f"{table}\n\nThe model lies {comparison.change}." if comparison.change else table


def _measure(label: str, estimate: Estimate) -> tuple[str, ...]:
    return label, escape(estimate.number), escape(estimate.interval) or words.NOTHING


def _tell_stages(reports: list[Report], room: int) -> str:
    cells = [
        (escape(row.stage), _say(row.outcome), escape_prose(row.summary), row.duration) for row in to_rows(reports)
    ]
    rows = _take(cells, room)
    if not rows:
        return ""
    table = _tabulate(("stage", "outcome", "summary", "time"), rows)
    return f"### The road\n\n{table}{_say_left_out(len(cells) - len(rows), 'stage')}"


def _list_attention(reports: list[Report], room: int) -> str:
    found = list(find_attention(reports))
    rows = _take((_tell_attention(report, check) for report, check in found), room)
    if not rows:
        return _say_left_out(len(found), "check that did not pass", "checks that did not pass").strip()
    table = _tabulate(("outcome", "check", "observed", "expected", "why", "where"), rows)
    left_out = _say_left_out(len(found) - len(rows), "check that did not pass", "checks that did not pass")
    return f"### What needs attention\n\n{table}{left_out}"


def _picture(reports: list[Report], room: int) -> str:
    """The pictures, folded: those there is something to draw for, as far as they fit."""
    comparison = find_comparison(reports)
    lineage = find_lineage(reports)
    graph = find_graph(reports)
    pictures = (
        _fold("The road as a picture", draw_road(to_rows(reports[:_MOST_STAGES])) if reports else ""),
        _fold("The key metric as a picture", "" if comparison is None else draw_comparison(comparison)),
        _fold("Where the model comes from", draw_lineage(lineage) if lineage else ""),
        _fold("What each feature is made of", draw_graph(graph) if graph else ""),
    )
    return "\n\n".join(text for (text,) in _take(((picture,) for picture in pictures if picture), room))


def _list_passed(reports: list[Report], room: int) -> str:
    passed = [(report, check) for report in reports for check in report.checks if check.outcome is Outcome.PASS]
    rows = _take((_tell_passed(report, check) for report, check in passed), room)
    left_out = _say_left_out(len(passed) - len(rows), "passed check", "passed checks")
    if not rows:
        return left_out.strip()
    table = _tabulate(("stage", "check", "observed", "expected"), rows)
    return _fold(f"{words.plural(len(passed), 'check')} passed", f"{table}{left_out}")


def _tell_attention(report: Report, check: Check) -> tuple[str, ...]:
    return (
        _say(check.outcome),
        f"**{escape_prose(check.title)}**<br><code>{escape(check.id, 160)}</code>",
        escape(words.observed(check, report.run)),
        escape(words.words(check.expected)),
        escape_prose(check.reason, 500),
        f"<code>{escape(words.place(check.where))}</code>" if check.where else "",
    )


def _tell_passed(report: Report, check: Check) -> tuple[str, ...]:
    note = f"<br>{escape_prose(check.reason, 500)}" if is_note(check) else ""
    return (
        escape(report.stage, 60),
        escape_prose(check.title),
        f"{escape(words.observed(check, report.run))}{note}",
        escape(words.words(check.expected)),
    )


def _say(outcome: Outcome) -> str:
    return f"{_EMOJI[outcome]} {words.WORDS[outcome]}"


def _take(rows: Iterable[tuple[str, ...]], room: int) -> list[tuple[str, ...]]:
    """The first rows that fit; a row costs its cells and the bars between them."""
    taken = []
    room -= _RESERVE
    for row in rows:
        room -= sum(map(len, row)) + 3 * len(row) + 2
        if room < 0:
            break
        taken.append(row)
    return taken


def _say_left_out(count: int, one: str, many: str | None = None) -> str:
    if not count:
        return ""
    return f"\n\n{count:,} {one if count == 1 else many or one + 's'} left out to keep this short."


def _fold(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>" if content else ""


def _tabulate(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
