"""Great Expectations on pandas behind ``foundation.validation.judging``: its language without its silent passes."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from pavedroad.engines.gx.findings import find
from pavedroad.engines.gx.names import Names
from pavedroad.engines.gx.suite import bundle, check_suite, open_context
from pavedroad.foundation.data.pictures import draw_distribution
from pavedroad.foundation.data.profile import finite_values, kind_of
from pavedroad.foundation.data.tables import read_source
from pavedroad.foundation.validation.judging import ColumnFacts, Judgement, Question, TableFacts

__all__ = ["check_suite", "judge"]


def judge(question: Question) -> Judgement:
    """Judge a table in memory, with pandas; see ``foundation.validation.judging.ValidationEngine``."""
    table = _bring_times_to_nanoseconds(read_source(question.source))
    facts = TableFacts(
        rows=len(table),
        names=tuple(map(str, table.columns)),
        columns={name: _find_facts(table[name]) for name in question.named if name in table.columns},
    )
    if table.empty:
        return Judgement(facts, [])
    names = Names(facts.names)
    renamed = table.set_axis(list(names.judged.values()), axis="columns")
    keys = [names.judged[key] for key in question.keys if key in names.judged]

    def ask(expectations: list[Any]) -> Iterable[Any]:
        asset = open_context().data_sources.add_pandas("table").add_dataframe_asset("table")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": renamed})
        shape: dict[str, Any] = {"result_format": "COMPLETE", "exclude_unexpected_values": True}
        if keys:
            shape["unexpected_index_column_names"] = keys
        results: Iterable[Any] = batch.validate(bundle(expectations), result_format=shape).results
        return results

    drawn = [draw_distribution(table[name]) for name in question.drawn if name in table.columns]
    return Judgement(
        facts=facts,
        findings=find(question, names, ask, "gx"),
        figures=[figure for figure in drawn if figure is not None],
    )


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
