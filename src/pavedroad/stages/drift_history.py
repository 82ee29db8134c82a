"""How large each column's drift was before: from the one small file of this stage that git holds.

``reports/drift-sizes.json`` is the same bytes on every machine. What git remembers of it is not, as a checkout may be
shallow; so the history stands in the report's ``run`` section.
"""

from collections.abc import Mapping

from pavedroad.errors import EvidenceError
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.project import Project
from pavedroad.report import decode, encode, write_whole

SIZES = "drift-sizes.json"
MOST_COLUMNS = 60
"""Columns on record: those that drifted most."""
MOST_RUNS = 12
"""Past states that are looked up."""


def write_sizes(project: Project, sizes: Mapping[str, float]) -> None:
    """Write the sizes of the largest changes by column, in the order of their names."""
    write_whole(project.reports / SIZES, encode(_choose_largest(sizes)))


def read_history(project: Project, sizes: Mapping[str, float]) -> dict[str, list[float]]:
    """The sizes that git has on record for these columns, oldest first, and today's last; without a past, nothing."""
    history = load_history()
    path = f"{project.reports.name}/{SIZES}"
    past = []
    for revision in reversed(history.revisions(project.root, path, MOST_RUNS)):
        try:
            found = decode(history.read(project.root, revision, path) or b"", where=path)
        except EvidenceError:
            continue  # somebody wrote it by hand
        past.append(found if isinstance(found, dict) else {})
    if past and past[-1] == _choose_largest(sizes):
        past.pop()  # what git holds is what was found now
    told = {name: [*_list_numbers(past, name), float(f"{size:.6g}")] for name, size in sizes.items()}
    return {name: numbers for name, numbers in told.items() if len(numbers) > 1}


def _choose_largest(sizes: Mapping[str, float]) -> dict[str, float]:
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_COLUMNS]
    return {name: float(f"{sizes[name]:.6g}") for name in sorted(largest)}


def _list_numbers(past: list[dict[str, object]], name: str) -> list[float]:
    found = [state.get(name) for state in past]
    return [float(size) for size in found if isinstance(size, int | float) and not isinstance(size, bool)]
