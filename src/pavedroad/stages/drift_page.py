"""Evidently's page on the drift that was judged: made when the settings or a person ask for it, and never stale.

It is no output of the pipeline, because Evidently draws it anew each time with other bytes. A mark in its first line
says which inputs it shows, so a page that a cached stage did not make is made afterwards.
"""

from pathlib import Path

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.tables import hash_parts
from pavedroad.foundation.drift.detection import choose_policy, compares_rows
from pavedroad.foundation.drift.page import PAGE, Note, Pair, write_page
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome, Report, read_report
from pavedroad.stages.drift_sides import choose_columns, measure_sides

_JUDGED = {Outcome.PASS, Outcome.WARN, Outcome.FAIL}


def draw_page(project: Project) -> Path | None:
    """Draw the page of the drift report that is there, unless it is there too; None where nothing was compared.

    Raises:
        EvidenceError: Evidently could show no column at all.
        MissingExtraError: Evidently is not installed.
    """
    path = project.reports / PAGE
    report = _read(project)
    if report is None:
        path.unlink(missing_ok=True)
        return None
    mark = f"Made by pavedroad of {hash_parts({used.path: used.sha256 for used in report.inputs})}"
    if path.is_file():
        with path.open("rb") as file:
            if mark.encode() in file.readline(500):
                return path
    path.unlink(missing_ok=True)
    sides = measure_sides(project)
    pairs = []
    for name in choose_columns(project, sides.reference, sides.current):
        before, now = sides.reference.find(name), sides.current.find(name)
        if before is None or now is None or before.kind != now.kind or not before.size or not now.size:
            continue
        policy = choose_policy(project.config.drift, name)
        vendor, _, method = policy.method.rpartition(":")
        asked = vendor == "evidently" or (not vendor and project.config.drift.engine == "evidently")
        method = method if asked and not compares_rows(policy.method) else "auto"
        pairs.append(Pair(before, now, method, policy.min_effect))
    about = (
        f"{sides.current.rows:,} rows of {sides.current.about} against {sides.reference.rows:,} "
        f"{sides.reference.about}. The verdict is pavedroad's and not this page's."
    )
    write_page(pairs, path, Note(about, mark))
    return path


def _read(project: Project) -> Report | None:
    try:
        report = read_report(project.report("drift"))
    except EvidenceError:
        return None
    return report if report.outcome in _JUDGED else None
