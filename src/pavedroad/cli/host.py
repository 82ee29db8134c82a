"""Telling the host what came of a command: outputs, remarks beside the lines, the summary. Nothing, where none is.

The texts come from reports, and reports hold data, so each is made plain and short here; how a host spells them so
that nothing breaks out is its engine's affair.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pavedroad.errors import PavedroadError
from pavedroad.foundation.forge.host import Annotation, Host, Level, enter_host
from pavedroad.foundation.project import Project
from pavedroad.render import words
from pavedroad.report import Check, Outcome, Place, Report

_LEVELS: dict[Outcome, Level] = {Outcome.WARN: "warning", Outcome.FAIL: "error", Outcome.ERROR: "error"}
_STAGE_CHECK = "gate.stage."

_entered: list[Host] = []


def enter(*, aside: bool) -> None:
    """Find the host, once a command; see ``foundation.forge.host.enter_host``."""
    host = enter_host(aside=aside)
    if host is not None:
        _entered.append(host)


def current() -> Host | None:
    """The host that this command runs on, if any."""
    return _entered[-1] if _entered else None


def leave() -> None:
    """Let go of the host."""
    while _entered:
        _entered.pop().leave()


def tell_road(project: Project, reports: Sequence[Report], page: Path) -> None:
    """Tell the whole road: the verdict as output, what did not pass beside its lines, and the tables as summary."""
    host = current()
    if host is None:
        return
    from pavedroad.render.markdown import to_markdown

    host.set_outputs({"outcome": reports[-1].outcome.value, "page": page.relative_to(project.root).as_posix()})
    host.annotate([*_annotate(reports), *_annotate_behind(reports)], project.root)
    host.add_summary(to_markdown(reports))


def tell_stage(project: Project, report: Report) -> None:
    """Tell one stage."""
    host = current()
    if host is None:
        return
    from pavedroad.render.markdown import to_markdown

    host.set_outputs({"outcome": report.outcome.value})
    host.annotate(list(_annotate([report])), project.root)
    host.add_summary(to_markdown([report]) if report.stage == "gate" else _summarise(report))


def tell_retraining(project: Project, decision: str, reports: Sequence[Report]) -> None:
    """Tell what a retraining came to; without a road there is one report only."""
    host = current()
    if host is None:
        return
    from pavedroad.render.markdown import to_markdown

    own = next(report for report in reports if report.stage == "retrain")
    host.set_outputs({"decision": decision})
    host.annotate(list(_annotate(reports)), project.root)
    host.add_summary(f"{_summarise(own)}\n\nDecision: **{decision}**.")
    if len(reports) > 1:
        host.add_summary(to_markdown(reports))


def tell_error(error: PavedroadError) -> None:
    """Tell why there is no result."""
    host = current()
    if host is None:
        return
    where = None if error.where is None else Place(file=error.where, line=error.line)
    message = " ".join(words.clean(part, 800) for part in (error.what, error.next_step) if part)
    host.set_outputs({"outcome": Outcome.ERROR.value})
    host.annotate([Annotation("error", "pavedroad could not go on", message, where)], Path.cwd())
    host.add_summary(f"### {words.SYMBOLS[Outcome.ERROR]} There is no verdict\n\n{words.escape(message, 1000)}")


def _annotate(reports: Iterable[Report]) -> Iterator[Annotation]:
    """One remark a check that did not pass; the gate's word on a stage is left out when the stage speaks itself."""
    reports = list(reports)
    speaking = {report.stage for report in reports if report.outcome in _LEVELS and report.stage != "gate"}
    for report in reports:
        for check in report.checks:
            if check.outcome in _LEVELS and check.id.removeprefix(_STAGE_CHECK) not in speaking:
                yield Annotation(
                    _LEVELS[check.outcome],
                    f"{words.clean(report.stage, 40)}: {words.clean(check.title, 150)}",
                    words.clean(check.reason or check.title, 800),
                    check.where,
                )


def _annotate_behind(reports: Sequence[Report]) -> Iterator[Annotation]:
    """One remark for each record that the commit does not hold as its code makes it."""
    for file in reports[-1].run.behind if reports[-1].run else []:
        message = f"{words.clean(file)} is behind. Run `pavedroad check` and commit it."
        yield Annotation("warning", "The commit is behind its own code", message, Place(file))


def _summarise(report: Report) -> str:
    """One stage as Markdown."""
    shown = [check for check in report.checks if check.outcome is not Outcome.PASS]
    head = f"### {words.SYMBOLS[report.outcome]} {words.escape(report.stage, 60)} {words.WORDS[report.outcome]}"
    return "\n\n".join([head, words.escape(report.summary, 500), "\n".join(map(_spell, shown))]).strip()


def _spell(check: Check) -> str:
    said = words.escape(check.reason or words.observed(check, None), 500)
    return f"- **{words.WORDS[check.outcome]}** {words.escape(check.title)}: {said}"
