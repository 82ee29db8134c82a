"""Great Expectations behind ``foundation.validation``: the language of suites, without its silent passes."""

import itertools
import logging
import os
import re
import warnings
from typing import Any

import pandas as pd

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read once, when Great Expectations is imported

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

from pavedroad.config import nearest
from pavedroad.errors import ConfigError
from pavedroad.foundation.data import read_source
from pavedroad.foundation.profile import draw_distribution, finite_values, kind_of
from pavedroad.foundation.suite import Expectation, Suite
from pavedroad.foundation.validation import (
    ColumnFacts,
    Finding,
    Judgement,
    Question,
    TableFacts,
    find_missing_column,
    readable,
)
from pavedroad.report import Scalar, Value

logging.captureWarnings(False)  # Great Expectations switches it on for the whole process when it is imported
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)


_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def check_suite(suite: Suite) -> dict[str, str]:
    """Refuse what Great Expectations would log and drop: unknown types and arguments that do not fit.

    Raises:
        ConfigError: with the file and line of the expectation.
    """
    for expectation in suite.expectations:
        _build(expectation, suite)
    return {}


def judge(question: Question) -> Judgement:
    """Judge a table in memory, with pandas; see ``foundation.validation.ValidationEngine``."""
    table = _bring_times_to_nanoseconds(read_source(question.source))
    facts = TableFacts(
        rows=len(table),
        names=tuple(map(str, table.columns)),
        columns={name: _find_facts(table[name]) for name in question.named if name in table.columns},
    )
    if table.empty:
        return Judgement(facts, [])
    missing = {item.id: find_missing_column(item, facts.names) for item in question.suite.expectations}
    findings = {id_: finding for id_, finding in missing.items() if finding is not None}
    present = [item for item in question.suite.expectations if item.id not in findings]
    for some in _separate(present):
        findings |= _judge(table, question, some)
    drawn = [draw_distribution(table[name]) for name in question.drawn if name in table.columns]
    return Judgement(
        facts=facts,
        findings=[findings[item.id] for item in question.suite.expectations],
        figures=[figure for figure in drawn if figure is not None],
    )


def _judge(table: pd.DataFrame, question: Question, expectations: list[Expectation]) -> dict[str, Finding]:
    """Judge with an ephemeral context of its own: nothing is written, and threads cannot mix their results."""
    if not expectations:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("table").add_dataframe_asset("table")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": table})
        shape: dict[str, Any] = {"result_format": "COMPLETE", "exclude_unexpected_values": True}
        present = [key for key in question.keys if key in table.columns]
        if present:
            shape["unexpected_index_column_names"] = present
        built = [_build(expectation, question.suite) for expectation in expectations]
        result = batch.validate(gx.ExpectationSuite(name=question.suite.name, expectations=built), result_format=shape)
    by_id = {item.expectation_config.meta["id"]: item for item in result.results}
    return {item.id: _explain(item, by_id.get(item.id), question.limits.keys) for item in expectations}


def _separate(expectations: list[Expectation]) -> list[list[Expectation]]:
    """The expectations in as few runs as keep those apart whose results Great Expectations 1.24 mixes up.

    In one run it computes the quantiles of a column once, whatever further quantiles a second expectation asks for.
    """
    runs: list[list[Expectation]] = [[]]
    seen: dict[object, int] = {}
    for expectation in expectations:
        number = 0
        if expectation.type == "expect_column_quantile_values_to_be_between":
            number = seen.get(expectation.kwargs.get("column"), 0)
            seen[expectation.kwargs.get("column")] = number + 1
        while len(runs) <= number:
            runs.append([])
        runs[number].append(expectation)
    return runs


def _bring_times_to_nanoseconds(table: pd.DataFrame) -> pd.DataFrame:
    """Times in the one unit in which Great Expectations compares them with text; those of far centuries stay."""
    times = [name for name in table.columns if pd.api.types.is_datetime64_any_dtype(table[name].dtype)]
    for name in times:
        try:
            table[name] = table[name].dt.as_unit("ns")
        except pd.errors.OutOfBoundsDatetime:
            continue
    return table


def _find_facts(column: "pd.Series") -> ColumnFacts:
    kind, nulls = kind_of(column), int(column.isna().sum())
    strange = len(column) - nulls - int(finite_values(column).size) if kind == "number" else 0
    return ColumnFacts(kind, nulls, strange)


def _build(expectation: Expectation, suite: Suite) -> Any:  # noqa: ANN401
    try:
        implementation = get_expectation_impl(expectation.type)
    except ExpectationNotFoundError as error:
        raise ConfigError(
            f"Great Expectations does not know {expectation.type!r}.",
            where=suite.path,
            line=expectation.line,
            next_step=nearest_type(expectation.type),
        ) from error
    try:
        return implementation(
            **_complete_dates(expectation.kwargs), severity=expectation.severity.value, meta={"id": expectation.id}
        )
    except (ValueError, TypeError) as error:
        problems = getattr(error, "errors", None)
        first = problems()[0] if callable(problems) else {"loc": (), "msg": str(error)}
        about = ".".join(str(part) for part in first["loc"] if part != "__root__")
        raise ConfigError(
            f"The arguments of {expectation.type} do not fit: {f'{about}: ' if about else ''}{first['msg']}.",
            where=suite.path,
            line=expectation.line,
        ) from error


def _complete_dates(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Dates as bounds with their first moment, because Great Expectations compares no date with a column of times."""
    bounds = {key: kwargs[key] for key in ("min_value", "max_value") if isinstance(kwargs.get(key), str)}
    return {**kwargs, **{key: f"{text}T00:00:00" for key, text in bounds.items() if _DATE.fullmatch(text)}}


def nearest_type(name: str) -> str:
    """The expectation type that was probably meant."""
    import difflib

    known = list_registered_expectation_implementations()
    close = difflib.get_close_matches(name, known, n=1)
    return nearest(name, close) if close else "See the gallery of expectations for the names."


def _explain(expectation: Expectation, item: Any, most_keys: int) -> Finding:  # noqa: ANN401
    if item is None:
        return Finding(expectation, success=None, reason="Great Expectations gave no result for this expectation.")
    problem = _find_exception(item.exception_info)
    if problem:
        return Finding(expectation, success=None, reason=problem)
    result = item.result or {}
    observed: Value = None
    evidence: dict[str, Value] = {}
    reason = ""
    if "unexpected_count" in result and result.get("element_count") is not None:
        count, elements = int(result["unexpected_count"]), int(result["element_count"])
        nulls = int(result.get("missing_count") or 0)
        evidence = {"rows": elements, "unexpected": count, "nulls": nulls}
        if count and elements > nulls:
            evidence["share"] = round(count / (elements - nulls), 6)
        observed = f"{count:,} of {elements - nulls:,} values unexpected"
        if not item.success:
            reason = f"{count:,} of {elements - nulls:,} values are not as expected."
        named = result.get("unexpected_index_list")
        if not item.success and named:
            evidence["failing_rows"] = _name_rows(named, most_keys)
    elif "observed_value" in result:
        observed = _plain(result["observed_value"])
        reason = "" if item.success else f"The observed value is {observed}."
    evidence["engine"] = "gx"
    return Finding(expectation, success=bool(item.success), observed=observed, reason=reason, evidence=evidence)


def _find_exception(info: Any) -> str:  # noqa: ANN401
    """The message of an exception that Great Expectations caught; it reports them in two shapes."""
    if not isinstance(info, dict):
        return ""
    entries = [info] if "raised_exception" in info else [entry for entry in info.values() if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("raised_exception"):
            message = " ".join(str(entry.get("exception_message") or "an unknown error").split())
            return message[:300]
    return ""


def _name_rows(named: list[Any], most: int) -> list[Scalar]:
    """The first failing rows by their keys, which Great Expectations gives column by column, or by their place."""
    if not isinstance(named[0], dict):
        return [f"row {int(row) + 1}" for row in named[:most]]
    columns = named[0]
    rows = itertools.islice(zip(*columns.values(), strict=True), most)
    return [", ".join(f"{key}={readable(value)}" for key, value in zip(columns, row, strict=True)) for row in rows]


def _plain(value: Any) -> Value:  # noqa: ANN401
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in list(value.items())[:20]}
    if isinstance(value, list | tuple | set):
        return [readable(item) for item in list(value)[:20]]
    return readable(value)
