"""Rows to predict, held against the signature: what the model cannot take, and what it never saw the like of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import MAX_CATEGORIES, kind_of
from pavedroad.foundation.package.model import InputColumn, Signature

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 40


@dataclass(frozen=True)
class InputFinding:
    """One column that is not as training saw it."""

    column: str
    rows: int
    """In how many rows."""
    words: str
    """What is the matter, as the end of a sentence about these rows or, where it breaks, about the column."""
    breaks: bool = False
    """Whether the column cannot be used at all; else it is unlike what the model learned from."""


def check_inputs(signature: Signature, table: "pd.DataFrame") -> list[InputFinding]:
    """Every column that is missing, of another kind, empty where it never was, or outside of what training saw.

    Numbers and times are held against their range, categories against those seen, where all of them are known. A time
    with a zone and one without cannot be compared; two zones can.

    Args:
        signature: of the model.
        table: rows to predict, as they come, before ``features``; the target may be there.
    """
    findings: list[InputFinding] = []
    for column in signature.inputs:
        if column.name not in table.columns:
            findings.append(InputFinding(column.name, len(table), "is missing", breaks=True))
        else:
            findings += _check_column(column, table[column.name])
    return findings


def require_inputs(signature: Signature, table: "pd.DataFrame") -> list[InputFinding]:
    """The same, for somebody who is about to predict.

    Returns:
        What is unlike training, and can be predicted all the same.

    Raises:
        DataError: a column is missing or of another kind.
    """
    findings = check_inputs(signature, table)
    broken = [finding for finding in findings if finding.breaks]
    if broken:
        more = f" (and {len(broken) - 1:,} more)" if len(broken) > 1 else ""
        raise DataError(
            f"These rows cannot be predicted: the column {broken[0].column!r} {broken[0].words}{more}.",
            next_step="Bring the columns that the model's signature.json names.",
        )
    return findings


def _check_column(column: InputColumn, values: "pd.Series") -> list[InputFinding]:
    found = []
    empty = int(values.isna().sum())
    if empty and not column.nullable:
        found.append(InputFinding(column.name, empty, "empty, and training saw no empty cell"))
    present = values.dropna() if empty else values
    if present.empty or not (column.low is not None or column.earliest or column.categories):
        return found  # training saw no value either: nobody knows of what kind it would have been
    kind = kind_of(values)
    if kind != column.kind:
        return [*found, InputFinding(column.name, len(present), f"holds {kind} values, not {column.kind}", breaks=True)]
    if kind == "number":
        found += _check_range(column, present)
    elif kind == "time":
        found += _check_times(column, present)
    elif len(column.categories) < MAX_CATEGORIES:  # else there may be more than the signature lists
        strange = present[~present.astype(str).isin(column.categories)]
        if len(strange):
            first = str(strange.iloc[0])[:_SHOWN]
            found.append(InputFinding(column.name, len(strange), f"a category that training never saw: {first!r}"))
    return found


def _check_range(column: InputColumn, present: "pd.Series") -> list[InputFinding]:
    if column.low is None or column.high is None:
        return []
    outside = int((~present.between(column.low, column.high)).sum())
    return _tell_outside(column, outside, f"{column.low:.6g} to {column.high:.6g}")


def _check_times(column: InputColumn, present: "pd.Series") -> list[InputFinding]:
    import pandas as pd

    aware = getattr(present.dtype, "tz", None) is not None
    if aware != bool(column.timezone):
        zone = column.timezone
        words = "holds times with a zone, not without" if aware else f"holds times without a zone, not {zone}"
        return [InputFinding(column.name, len(present), words, breaks=True)]
    if not column.earliest or not column.latest:
        return []
    earliest, latest = pd.Timestamp(column.earliest), pd.Timestamp(column.latest)
    outside = int(((present < earliest) | (present > latest)).sum())
    return _tell_outside(column, outside, f"{column.earliest} to {column.latest}")


def _tell_outside(column: InputColumn, rows: int, seen: str) -> list[InputFinding]:
    return [InputFinding(column.name, rows, f"outside of what training saw, {seen}")] if rows else []
