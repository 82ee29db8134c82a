"""What kind of values a suite takes its columns to hold: as its profile says, or as its expectations take for granted.

An expectation about a mean says without saying so that the column holds numbers. Whoever wrote it is told that the
column became text, rather than that something could not be computed.
"""

import re
from collections.abc import Mapping
from typing import cast, get_args

from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.validation.suite import Expectation, Suite

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_OF_NUMBERS = {
    f"expect_column_{statistic}_to_be_between" for statistic in ("mean", "median", "sum", "stdev", "quantile_values")
} | {"expect_multicolumn_sum_to_equal"}
_OF_TEXT = re.compile(r"expect_column_(values_to_(not_)?match_(regex|like_pattern)(_list)?|value_lengths_to_.*)")
_WITH_BOUNDS = {f"expect_column_{what}_to_be_between" for what in ("values", "min", "max")}
_OF_TYPE: Mapping[str, Kind] = {
    "int": "number",
    "uint": "number",
    "float": "number",
    "bool": "boolean",
    "str": "category",
}


def find_kinds(suite: Suite) -> dict[str, Kind]:
    """The kind of values in each column of which the suite says it, the profile in it before its expectations.

    A column about which two expectations disagree has none: they cannot both hold, and each says so itself.
    """
    told: dict[str, set[Kind]] = {}
    for expectation in suite.expectations:
        kind = _imply(expectation)
        for name in expectation.columns if kind else ():
            told.setdefault(name, set()).add(cast("Kind", kind))
    implied = {name: kinds.pop() for name, kinds in told.items() if len(kinds) == 1}
    return {**implied, **_read_profile(suite)}


def _read_profile(suite: Suite) -> dict[str, Kind]:
    """The kinds in the profile that ``suite init`` keeps; a column that was empty then had none."""
    profile = suite.meta.get("profile")
    columns = profile.get("columns") if isinstance(profile, dict) else None
    if not isinstance(columns, dict):
        return {}
    known = {name: kept for name, kept in columns.items() if isinstance(kept, dict) and kept.get("missing") != 1}
    return {name: kept["kind"] for name, kept in known.items() if kept.get("kind") in get_args(Kind)}


def _imply(expectation: Expectation) -> Kind | None:
    kind, kwargs = expectation.type, expectation.kwargs
    if kind in _OF_NUMBERS:
        return "number"
    if _OF_TEXT.fullmatch(kind):
        return "category"
    if kind in _WITH_BOUNDS:
        bounds = [kwargs[key] for key in ("min_value", "max_value") if kwargs.get(key) is not None]
        if all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds):
            return "number"
        if all(isinstance(bound, str) and _DATE.fullmatch(bound) for bound in bounds):
            return "time"
    if kind in {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}:
        names = [kwargs["type_"]] if "type_" in kwargs else kwargs.get("type_list") or []
        kinds = {_name_kind(name) for name in names}
        return kinds.pop() if len(kinds) == 1 else None
    return None


def _name_kind(type_: object) -> Kind | None:
    """The kind of a type by the name that pandas has for it; None for names that only an engine knows."""
    if not isinstance(type_, str):
        return None
    return "time" if type_.startswith("datetime64") else _OF_TYPE.get(type_.rstrip("0123456789"))
