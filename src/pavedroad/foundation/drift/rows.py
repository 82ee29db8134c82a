"""Columns that counts say nothing about, compared by their rows: texts by their words, and vectors as wholes.

A column of free text holds a new value in every row, so its counts are the same whatever it says. A vector that is
spread over columns can turn without any of them moving much. Both are compared on a bounded number of rows of a side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.config import nearest
from pavedroad.errors import ConfigError, JudgementError, MissingExtraError
from pavedroad.foundation.drift.detection import Comparison, Finding, compares_rows, matches
from pavedroad.foundation.drift.reference import ColumnSketch, Reference
from pavedroad.foundation.engines import load_engine
from pavedroad.settings import Drift, DriftRule

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_ROWS = 2_000
"""Rows of a side that are compared, spread evenly over it."""
VENDOR, TEXT, VECTORS = "evidently", "text", ("embedding", "embedding-distance", "embedding-mmd", "embedding-ratio")
Bring = Callable[[list[str]], "tuple[pd.DataFrame, pd.DataFrame]"]
"""From names of columns to at most MOST_ROWS rows of the reference and of the current table."""


class RowsEngine(Protocol):
    """An engine that compares rows."""

    def compare_texts(self, reference: Sequence[str], current: Sequence[str]) -> Comparison:
        """Compare two samples of texts; raise JudgementError when that is not possible."""
        ...

    def compare_vectors(self, reference: "np.ndarray", current: "np.ndarray", method: str) -> Comparison:
        """Compare two samples of vectors, of shape (rows, dimensions); raise JudgementError when it is not possible."""
        ...


@dataclass(frozen=True)
class _Task:
    """What is compared as one: a column of text, or all columns of a vector."""

    name: str
    method: str
    columns: list[str]


def compare_rows(
    reference: Reference, current: Reference, columns: Sequence[str], settings: Drift, bring: Bring
) -> list[Finding]:
    """Compare what a rule wants to be compared by rows; nothing where no rule does.

    What ``find_drift`` says of such columns itself (gone, of another type, too few values) is left to it.

    Raises:
        ConfigError: there is no such method, or it does not fit the columns.
        DataError: the rows cannot be read.
    """
    if compares_rows(settings.method):
        raise ConfigError(
            f"The drift method {settings.method!r} is for some columns and not for all.",
            next_step="Name them in [[drift.rules]].",
        )
    tasks = [task for task in _list_tasks(columns, settings) if _is_comparable(task, reference, current, settings)]
    if not tasks:
        return []
    try:
        engine = cast("RowsEngine", load_engine("drift-rows", VENDOR))
    except MissingExtraError as error:
        why = f"Not compared: {error.what} {error.next_step or ''}".strip()
        return [Finding(task.name, "values", skipped=why) for task in tasks]
    names = list(dict.fromkeys(name for task in tasks for name in task.columns))
    try:
        before, now = bring(names)
    except JudgementError as error:
        why = f"Not compared, because that takes rows of both sides: {error.what}"
        return [Finding(task.name, "values", skipped=why) for task in tasks]
    return [_compare(task, before[task.columns], now[task.columns], engine, settings) for task in tasks]


def tell_rows(finding: Finding) -> str:
    """One sentence about texts or vectors that were compared; empty for any other finding."""
    compared = finding.comparison
    if compared is None or "roc_auc" not in compared.more:
        return ""
    more = compared.more
    return (
        f"A classifier tells current rows of `{finding.column}` from those of the reference with a ROC AUC of "
        f"{more['roc_auc']:.2f} (0.5 is chance) on rows that it did not learn from; {more['reference_rows']:,.0f} and "
        f"{more['current_rows']:,.0f} rows were compared."
    )


def _list_tasks(columns: Sequence[str], settings: Drift) -> list[_Task]:
    chosen: list[tuple[DriftRule, list[str]]] = [(rule, []) for rule in settings.rules]
    for name in columns:
        members = next((found for rule, found in chosen if matches(rule.columns, name)), None)
        if members is not None:
            members.append(name)
    tasks = []
    for rule, members in chosen:
        vendor, _, method = rule.method.partition(":")
        if vendor != VENDOR or not members:
            continue
        if method == TEXT:
            tasks += [_Task(name, method, [name]) for name in members]
        elif method in VECTORS:
            tasks.append(_Task(members[0] if len(members) == 1 else rule.columns[0], method, members))
        elif method.startswith(VECTORS[0]):
            raise ConfigError(
                f"There is no drift method called {rule.method!r}.", next_step=nearest(method, list(VECTORS))
            )
    return tasks


def _is_comparable(task: _Task, reference: Reference, current: Reference, settings: Drift) -> bool:
    """Whether both sides have the columns, of one kind and with enough values; whatever else, the counts say."""
    wanted = "category" if task.method == TEXT else "number"
    for name in task.columns:
        sides: list[ColumnSketch | None] = [side.find(name) for side in (reference, current)]
        before, now = sides
        if before is None or now is None or not before.size or not now.size or before.kind != now.kind:
            return False
        if before.kind != wanted:
            what = "text" if task.method == TEXT else "numbers"
            raise ConfigError(f"The drift method {VENDOR}:{task.method} is for {what}, and {name!r} holds none.")
        if min(before.size, now.size) < settings.min_rows:
            return False
    return True


def _compare(
    task: _Task, reference: "pd.DataFrame", current: "pd.DataFrame", engine: RowsEngine, settings: Drift
) -> Finding:
    import numpy as np

    sides = [side.replace([np.inf, -np.inf], np.nan).dropna() for side in (reference, current)]
    if min(map(len, sides)) < settings.min_rows:
        reason = f"{len(sides[0]):,} and {len(sides[1]):,} whole rows are too few; {settings.min_rows:,} are needed."
        return Finding(task.name, "values", skipped=reason)
    try:
        if task.method == TEXT:
            old, new = ([str(text) for text in side[task.name]] for side in sides)
            compared = engine.compare_texts(old, new)
        else:
            before, now = (side.to_numpy(dtype="float64") for side in sides)
            compared = engine.compare_vectors(before, now, task.method)
    except JudgementError as error:
        return Finding(task.name, "values", problem=f"The column could not be judged: {error.what}")
    return Finding(task.name, "values", compared)
