"""A first suite of expectations from the data: conservative bounds, each with its reason, for people to review."""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavedroad.errors import ConfigError, UsageError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.project import Project
from pavedroad.foundation.validation.judging import Limits
from pavedroad.foundation.validation.outline import ColumnOutline, Outline, outline_table, require_trainable
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import Scalar, encode, write_whole

MAX_COLUMNS = 200
"""Beyond this many columns only their presence is expected; thousands of bounds are no longer reviewed by anyone."""
MAX_CATEGORIES = 20
MARGIN = 0.5
"""Numbers may lie beyond the observed range by this share of it."""
NULL_SLACK = 0.05
KNOWN_SHARE = 0.95
"""At least this share of values must be categories that are known already."""


def write_first_suite(project: Project, data: Path, out: Path, *, force: bool = False) -> tuple[int, bool]:
    """Outline a table where it lies and write a suite that it passes.

    Args:
        project: the repo.
        data: the table, by default the training table.
        out: where the suite goes.
        force: replace a suite that is there already and differs.

    Returns:
        How many expectations there are, and whether the file was written.

    Raises:
        DataError: the table cannot be used, for example because its target is missing or has one value.
        UsageError: another suite is there already.
    """
    config = project.config
    limits = Limits(threads=config.validation.threads, memory=config.validation.memory_limit)
    own = {config.objective.target, config.data.time}
    outline = outline_table(find_source(data), limits, most=MAX_COLUMNS, also=own)
    if data == project.root / config.data.train:
        require_trainable(outline, config.objective, config.data, data)
    expectations = list(_expect(outline, project))
    content = encode(
        {
            "name": out.stem,
            "expectations": expectations,
            "meta": {
                "notes": f"First suite, from the profile of {data.name}. Review it: you know what is impossible.",
                "profile": _summarise(outline),
            },
        }
    )
    if out.is_file():
        if out.read_bytes() == content:
            return len(expectations), False
        if not force:
            raise UsageError(
                "There is a suite already, and it differs from what the data would give.",
                where=out,
                next_step="Keep it, or replace it with: pavedroad suite init --force.",
            )
    write_whole(out, content)
    return len(expectations), True


@dataclass(frozen=True)
class Move:
    """How one number of one column moved since the suite was written."""

    column: str
    what: str
    before: Scalar
    now: Scalar


def find_moves(data: Path, suite: Path, limits: Limits | None = None) -> list[Move]:
    """How the profile of a table moved since its suite was written: columns, rows, gaps, ranges, means, categories.

    Raises:
        ConfigError: the suite is not valid, or keeps no profile.
    """
    before = load_suite(suite).meta.get("profile")
    if not isinstance(before, dict) or not isinstance(before.get("columns"), dict):
        raise ConfigError(
            "The suite keeps no profile of the data it was written for.",
            where=suite,
            next_step="Write one that does with: pavedroad suite init --out expectations/new.json.",
        )
    now = _summarise(outline_table(find_source(data), limits or Limits(), most=MAX_COLUMNS))
    moves = [Move("", "rows", before.get("rows"), now["rows"])] if before.get("rows") != now["rows"] else []
    for name in dict.fromkeys([*before["columns"], *now["columns"]]):
        old, new = before["columns"].get(name), now["columns"].get(name)
        if not isinstance(old, dict) or new is None:
            moves.append(Move(name, "column", None if old is None else "there", None if new is None else "there"))
            continue
        moves += [Move(name, key, old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)]
    return moves


def _summarise(outline: Outline) -> dict[str, Any]:
    """An outline as the few numbers that a reader compares."""
    columns: dict[str, dict[str, Scalar]] = {}
    for column in outline.columns[:MAX_COLUMNS]:
        share = round(column.nulls / outline.rows, 4) if outline.rows else 0.0
        kept: dict[str, Scalar] = {"kind": column.kind, "missing": share}
        kept["distinct_about" if column.estimated else "distinct"] = column.distinct
        numbers = {"least": column.least, "median": column.median, "most": column.most, "mean": column.mean}
        kept |= {name: float(f"{value:.6g}") for name, value in numbers.items() if value is not None}
        kept |= {name: when for name, when in (("earliest", column.earliest), ("latest", column.latest)) if when}
        columns[column.name] = kept
    return {"rows": outline.rows, "columns": columns}


def _expect(outline: Outline, project: Project) -> list[dict[str, Any]]:
    config, rows = project.config, outline.rows
    # A column that is empty in every row promises nothing, and would fail the guard against such columns.
    names = [name for name, nulls in outline.nulls.items() if nulls < rows or not rows]
    wanted = [
        _write(
            "expect_table_columns_to_match_set",
            "columns",
            {"column_set": names, "exact_match": False},
            "Every column that held a value when the suite was written.",
        )
    ]
    keys = [key for key in config.data.keys if key in names]
    if len(keys) == 1:
        wanted.append(_write("expect_column_values_to_be_unique", "key", {"column": keys[0]}, "The key names a row."))
    elif keys:
        wanted.append(
            _write("expect_compound_columns_to_be_unique", "key", {"column_list": keys}, "The keys name a row.")
        )
    for column in outline.columns[:MAX_COLUMNS]:
        wanted += _expect_column(column, rows, is_target=column.name == config.objective.target)
    return wanted


def _expect_column(column: ColumnOutline, rows: int, *, is_target: bool) -> list[dict[str, Any]]:
    name = column.name
    if column.nulls == rows:
        return []
    wanted = []
    if column.nulls == 0:
        note = "The target must be known." if is_target else f"None of {rows:,} rows was empty."
        wanted.append(_write("expect_column_values_to_not_be_null", f"{name}.not-null", {"column": name}, note))
    else:
        share = 1 - column.nulls / rows
        mostly = max(0.01, math.floor((share - NULL_SLACK) * 100) / 100)
        note = f"{column.nulls:,} of {rows:,} rows were empty; {NULL_SLACK:.0%} more are allowed."
        wanted.append(
            _write(
                "expect_column_values_to_not_be_null",
                f"{name}.mostly-known",
                {"column": name, "mostly": mostly},
                note,
            )
        )
    if column.least is not None and column.most is not None:
        low, high = column.least, column.most
        slack = (high - low) * MARGIN or abs(high) or 1.0
        bounds = {
            "min_value": _round(min(0.0, low) if 0 <= low <= slack else low - slack, up=False),
            "max_value": _round(max(0.0, high) if -slack <= high <= 0 else high + slack, up=True),
        }
        note = f"Observed {low:.6g} to {high:.6g}; half the range is allowed beyond, but not across zero."
        wanted.append(_write("expect_column_values_to_be_between", f"{name}.range", {"column": name, **bounds}, note))
    few = 0 < column.distinct <= min(MAX_CATEGORIES, max(2, rows // 10))
    if column.categories and few:
        known = {"column": name, "value_set": list(column.categories), "mostly": KNOWN_SHARE}
        note = f"{column.distinct} categories were seen; {1 - KNOWN_SHARE:.0%} of the rows may bring new ones."
        wanted.append(_write("expect_column_values_to_be_in_set", f"{name}.known", known, note))
    return wanted


def _write(kind: str, id_: str, kwargs: dict[str, Any], note: str) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": "critical", "notes": note, "meta": {"id": id_}}


def _round(value: float, *, up: bool) -> float:
    """Round away from the data to two significant digits, so that bounds read like bounds."""
    if value == 0:
        return 0.0
    away = (value > 0) == up
    if abs(value) < 1e-300:  # here and beyond 1e300 the arithmetic of floats gives out
        return math.copysign(1e-300, value) if away else 0.0
    if abs(value) > 1e300:
        return math.copysign(sys.float_info.max, value) if away else value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(f"{(math.ceil if up else math.floor)(value / step) * step:.6g}")
