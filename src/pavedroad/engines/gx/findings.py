"""What Great Expectations answers, as findings: counts, keys of failing rows, and errors told apart from failures."""

import itertools
import re
import warnings
from collections.abc import Callable, Container, Iterable
from typing import Any

from pavedroad.engines.gx.names import Names
from pavedroad.engines.gx.suite import build
from pavedroad.foundation.validation.judging import Finding, Question, find_missing_column, readable
from pavedroad.foundation.validation.suite import Expectation
from pavedroad.report import Scalar, Value

Ask = Callable[[list[Any]], Iterable[Any]]
"""Let Great Expectations judge its own expectations, in one go; the results come in any order."""

Doubt = Callable[[Expectation], str]
"""Why a verdict on an expectation could not be trusted, in words; empty when it can."""

_SUM = "expect_column_sum_to_be_between"
"""Of no rows, a database adds up to nothing at all, and pandas to 0."""
_WITHOUT_GAPS = ("either_value_is_missing", "any_value_is_missing")
_JAVA = re.compile(r"An error occurred while calling \w+\.\w+")
_CAUSE = re.compile(r"(?:Caused by: |: )((?:\w+\.)+\w*(?:Exception|Error): [^\n]*)")


def ask_for_few(question: Question, names: Names) -> dict[str, Any]:
    """The format of results in which the keys of no more failing rows than wanted leave the place where rows lie.

    The complete format limits nothing.
    """
    shape: dict[str, Any] = {"result_format": "BASIC", "exclude_unexpected_values": True}
    keys = [names.judged[key] for key in question.keys if key in names.judged]
    if keys and question.limits.keys:
        more = {"partial_unexpected_count": question.limits.keys, "unexpected_index_column_names": keys}
        shape |= {"result_format": "SUMMARY", **more}
    return shape


def doubt_gaps(expectation: Expectation, types: Container[str], gaps: Container[str]) -> str:
    """Doubt a comparison of several columns where values are missing: what compares to nothing passes as unexceptional.

    Args:
        expectation: the question.
        types: the types of expectation whose rows with a gap count as expected, whatever stands beside it.
        gaps: the columns that lack a value somewhere.
    """
    rule = expectation.kwargs.get("ignore_row_if")
    gappy = [name for name in expectation.columns if name in gaps]
    if expectation.type not in types or rule in _WITHOUT_GAPS or not gappy:
        return ""
    strict = _WITHOUT_GAPS["column_A" not in expectation.kwargs]
    return (
        f"Values of {gappy[0]!r} are missing, and a comparison with nothing would count as held here. "
        f'Set "ignore_row_if" to "{strict}", or let DuckDB judge.'
    )


def find(question: Question, names: Names, ask: Ask, engine: str, doubt: Doubt = lambda _: "") -> list[Finding]:
    """Judge a suite's expectations in as few runs as possible, in the suite's order.

    Args:
        question: what is asked.
        names: the columns of the table.
        ask: judges expectations by those columns.
        engine: whom the evidence names.
        doubt: tells which expectations must not be judged here.
    """
    missing = {item.id: find_missing_column(item, names.judged) for item in question.suite.expectations}
    findings = {id_: finding for id_, finding in missing.items() if finding is not None}
    for item in question.suite.expectations:
        reason = "" if item.id in findings else doubt(item)
        if reason:
            findings[item.id] = Finding(item, success=None, reason=reason, evidence={"engine": engine})
    present = [item for item in question.suite.expectations if item.id not in findings]
    for some in _separate(present):
        findings |= _judge(some, question, names, ask, engine)
    return [findings[item.id] for item in question.suite.expectations]


def _judge(
    expectations: list[Expectation], question: Question, names: Names, ask: Ask, engine: str
) -> dict[str, Finding]:
    if not expectations:
        return {}
    built = [build(item, question.suite, names.translate(item.kwargs)) for item in expectations]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_id = {item.expectation_config.meta["id"]: item for item in ask(built)}
    return {item.id: _explain(item, by_id.get(item.id), question, names, engine) for item in expectations}


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


def _explain(
    expectation: Expectation,
    item: Any,  # noqa: ANN401 - the vendor's result
    question: Question,
    names: Names,
    engine: str,
) -> Finding:
    problem = "Great Expectations gave no result for this expectation." if item is None else _find_exception(item)
    if problem:
        return Finding(expectation, success=None, reason=problem, evidence={"engine": engine})
    result, success = item.result or {}, bool(item.success)
    observed: Value = None
    evidence: dict[str, Value] = {}
    reason = ""
    if "unexpected_count" in result and result.get("element_count") is not None:
        elements = int(result["element_count"])
        if result["unexpected_count"] is None and elements:
            reason = "Great Expectations could not count the unexpected values."
            return Finding(expectation, success=None, reason=reason, evidence={"engine": engine})
        count = int(result["unexpected_count"] or 0)  # of no rows, a database counts nothing at all
        nulls = int(result.get("missing_count") or 0)
        evidence = {"rows": elements, "unexpected": count, "nulls": nulls}
        if count and elements > nulls:
            evidence["share"] = round(count / (elements - nulls), 6)
        observed = f"{count:,} of {elements - nulls:,} values unexpected"
        if not success:
            reason = f"{count:,} of {elements - nulls:,} values are not as expected."
        named = result.get("unexpected_index_list") or result.get("partial_unexpected_index_list")
        if not success and named and question.limits.keys:
            evidence["failing_rows"] = _name_rows(named, names, question.limits.keys)
    elif "observed_value" in result:
        columns = expectation.type.startswith("expect_table_column")
        observed = _plain(result["observed_value"], names.restore if columns else str)
        if observed is None and expectation.type == _SUM:
            observed, success = 0, _lies_within(0, expectation)
        reason = "" if success else f"The observed value is {observed}."
    evidence["engine"] = engine
    return Finding(expectation, success=success, observed=observed, reason=reason, evidence=evidence)


def _lies_within(value: float, expectation: Expectation) -> bool:
    """Whether a number keeps the bounds of an expectation."""
    low, high, strict_low, strict_high = map(
        expectation.kwargs.get, ("min_value", "max_value", "strict_min", "strict_max")
    )
    if low is not None and (value <= low if strict_low else value < low):
        return False
    return high is None or not (value >= high if strict_high else value > high)


def _find_exception(item: Any) -> str:  # noqa: ANN401
    """The message of an exception that Great Expectations caught; it reports them in two shapes."""
    info = item.exception_info
    if not isinstance(info, dict):
        return ""
    entries = [info] if "raised_exception" in info else [entry for entry in info.values() if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("raised_exception"):
            return _shorten(str(entry.get("exception_message") or "an unknown error"))
    return ""


def _shorten(message: str) -> str:
    """What went wrong, without the query, and without Java's numbers, which differ from run to run."""
    causes = _CAUSE.findall(message) if _JAVA.match(message) else []
    return " ".join((causes[-1] if causes else message.partition("[SQL: ")[0]).split())[:300]


def _name_rows(named: list[Any], names: Names, most: int) -> list[Scalar]:
    """The first failing rows by their keys, which Great Expectations gives column by column, or by their place."""
    if not isinstance(named[0], dict):
        return [f"row {int(row) + 1}" for row in named[:most]]
    keys = [names.restore(key) for key in named[0]]
    rows = itertools.islice(zip(*named[0].values(), strict=True), most)
    return [", ".join(f"{key}={readable(value)}" for key, value in zip(keys, row, strict=True)) for row in rows]


def _plain(value: Any, spell: Callable[[str], str]) -> Value:  # noqa: ANN401
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in list(value.items())[:20]}
    if isinstance(value, list | tuple | set):
        return [spell(item) if isinstance(item, str) else readable(item) for item in list(value)[:20]]
    return readable(value)
