"""Great Expectations on Spark behind ``foundation.validation.judging``: for tables larger than one machine."""

from collections.abc import Iterable
from typing import Any

from pyspark.errors import PySparkException

from pavedroad.engines.gx.findings import Ask, ask_for_few, doubt_gaps, find
from pavedroad.engines.gx.suite import bundle, check_suite, open_context
from pavedroad.engines.spark.session import open_session
from pavedroad.engines.spark.table import Table, open_table
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.validation.judging import Judgement, Question
from pavedroad.foundation.validation.suite import Expectation

__all__ = ["check_suite", "judge"]

_BLIND = {
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
    "expect_multicolumn_sum_to_equal",
}
"""In Spark a comparison with null is neither true nor false, so these would pass rows that lack a value."""
_ORDERED = {"expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"}


def judge(question: Question) -> Judgement:
    """Judge a table with Spark; rows stay there, but for the keys of failing ones.

    Raises:
        ConfigError: the question is about a table of a database.
        UsageError: there is no Java.
        DataError: the table cannot be read.
    """
    source = question.source
    if source.database is not None:
        raise ConfigError('The engine "gx-spark" judges files, and no table of a database.')
    session = open_session(question.limits)
    try:
        table = open_table(session, source)
        facts = table.find_facts([*question.named, *question.suite.columns])
    except PySparkException as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise DataError(f"Spark cannot read the table: {reason}.", where=source.path) from error
    gaps = {name for name, column in facts.columns.items() if column.nulls}
    facts = facts.about(question.named)
    if not facts.rows:
        return Judgement(facts, [])

    def doubt(expectation: Expectation) -> str:
        if expectation.type in _ORDERED:
            return "Spark keeps no order of rows, so nothing can be said of one. Let DuckDB judge."
        return doubt_gaps(expectation, _BLIND, gaps)

    table.frame.persist()
    try:
        return Judgement(facts, find(question, table.names, _prepare(table, question), "gx-spark", doubt))
    finally:
        table.frame.unpersist()


def _prepare(table: Table, question: Question) -> Ask:
    shape = ask_for_few(question, table.names)

    def ask(expectations: list[Any]) -> Iterable[Any]:
        asset = open_context().data_sources.add_spark("table", persist=False).add_dataframe_asset("table")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": table.frame})
        results: Iterable[Any] = batch.validate(bundle(expectations), result_format=shape).results
        return results

    return ask
