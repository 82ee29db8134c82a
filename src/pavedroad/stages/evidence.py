"""Reports from elsewhere, read as the hostile documents they may be.

A job that ran a change's code hands its reports to one that may write. Whatever lies in that folder, nothing of it is
executed or followed, and nothing of it can look like a better verdict than it is: a report that cannot be trusted
stands in the road as one that could not judge.
"""

import stat
from pathlib import Path

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.tables import hash_file
from pavedroad.foundation.project import STAGES
from pavedroad.report import Check, Outcome, Report, conclude, read_report, run_path

LARGEST = 4 * 1024 * 1024
"""Bytes of one report at most: counts and sampled points, never tables."""

BESIDE = "contract"
"""A stage that the gate does not ask for: what a change promises about the data. It is shown where there is one."""

_LARGEST_RUN = 256 * 1024


def read_evidence(folder: Path, also: str = "") -> list[Report]:
    """Read the reports that the gate of another run left in ``folder``, in the order of the road, the gate's last.

    Reports that the gate did not take as evidence are left out. A folder without a gate gives what there is; without
    any report, nothing.

    Args:
        folder: where the reports lie.
        also: a stage outside the road whose report stands before the gate's.
    """
    found = {stage: folder / f"{stage}.json" for stage in (*STAGES, "compare", "gate")}
    reports = {stage: _read(stage, path) for stage, path in found.items() if _is_there(path)}
    gate = reports.pop("gate", None)
    if gate is None:
        return list(reports.values())
    if gate.outcome is Outcome.ERROR and not gate.inputs:
        return [*reports.values(), gate]
    used = {entry.path.removeprefix("reports/").removesuffix(".json"): entry.sha256 for entry in gate.inputs}
    kept = []
    for stage in (name for name in (*STAGES, "compare") if name in used):
        if stage not in reports:
            kept.append(_distrust(stage, "The gate read a report of this stage, but it did not come along."))
        elif hash_file(found[stage]) != used[stage]:
            kept.append(_distrust(stage, "This is not the report that the gate read."))
        else:
            kept.append(reports[stage])
    if any(report.outcome is Outcome.ERROR for report in kept) and gate.outcome in {Outcome.PASS, Outcome.WARN}:
        gate = _distrust("gate", "The gate said yes, but its evidence is not what it read.")
    if _is_there(folder / f"{BESIDE}.json"):
        kept.append(_read(BESIDE, folder / f"{BESIDE}.json"))
    if also:
        kept.append(_read(also, folder / f"{also}.json"))
    return [*kept, gate]


def _read(stage: str, path: Path) -> Report:
    if not _is_there(path):
        return _distrust(stage, "There is no report.")
    try:
        _require_plain(path, LARGEST)
        if _is_there(run_path(path)):
            _require_plain(run_path(path), _LARGEST_RUN)
        return read_report(path)
    except EvidenceError as error:
        return _distrust(stage, error.what)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _require_plain(path: Path, largest: int) -> None:
    """Refuse a link, a folder, a device, and a file that is too large to be a report."""
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode) or path.parent.is_symlink():
        raise EvidenceError("This is not a plain file.", where=path)
    if state.st_size > largest:
        raise EvidenceError(f"The file has {state.st_size:,} bytes; at most {largest:,} are read.", where=path)


def _distrust(stage: str, reason: str) -> Report:
    check = Check(
        id=f"{stage}.evidence", title=f"The report of {stage!r} can be trusted", outcome=Outcome.ERROR, reason=reason
    )
    return conclude(stage, [check], summary=reason)
