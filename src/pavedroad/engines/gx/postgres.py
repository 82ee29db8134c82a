"""Great Expectations on PostgreSQL behind ``foundation.validation.judging``: tables are judged where they are kept."""

from collections.abc import Iterable
from typing import Any

from pavedroad.engines.gx.findings import Ask, ask_for_few, doubt_gaps, find
from pavedroad.engines.gx.postgres_table import VIEW, Table, open_table
from pavedroad.engines.gx.suite import check_suite, open_context
from pavedroad.errors import ConfigError
from pavedroad.foundation.validation.judging import Judgement, Question
from pavedroad.foundation.validation.suite import Expectation

__all__ = ["check_suite", "judge"]

_BLIND = {
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
    "expect_column_pair_values_to_be_in_set",
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_sum_to_equal",
}
"""In SQL a comparison with NULL is neither true nor false, so these would pass rows that lack a value."""


def judge(question: Question) -> Judgement:
    """Judge a table of a database by queries alone; rows stay there, but for the keys of failing ones.

    Raises:
        ConfigError: the question is about a file, or the environment does not say where the database is.
        DataError: the table cannot be read.
    """
    if question.source.database is None:
        raise ConfigError(
            'The engine "gx-postgres" judges a table of a database, and no file.',
            next_step='Name the table by [validation] table, and leave engine at "auto" for the file.',
        )
    with open_table(question.source.database) as table:
        facts = table.find_facts([*question.named, *question.suite.columns])
        gaps = {name for name, column in facts.columns.items() if column.nulls}
        facts = facts.about(question.named)
        if not facts.rows:
            return Judgement(facts, [])

        def doubt(expectation: Expectation) -> str:
            return _doubt_fractions(expectation, table) or doubt_gaps(expectation, _BLIND, gaps)

        return Judgement(facts, find(question, table.names, _prepare(table, question), "gx-postgres", doubt))


def _doubt_fractions(expectation: Expectation, table: Table) -> str:
    """Doubt a set of values with fractions for a column of whole numbers: they would be rounded before they compare."""
    values, column = expectation.kwargs.get("value_set"), expectation.kwargs.get("column")
    fractions = [item for item in values if isinstance(item, float) and item % 1] if isinstance(values, list) else []
    if not fractions or not isinstance(column, str) or not table.holds_whole_numbers(column):
        return ""
    return f"{column!r} holds whole numbers, so {fractions[0]} of the set would be rounded before it is compared."


def _prepare(table: Table, question: Question) -> Ask:
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.validator.validator import Validator

    shape = ask_for_few(question, table.names)

    def ask(expectations: list[Any]) -> Iterable[Any]:
        # The public way makes its own connection from an address, which it would keep, and substitutes dollar signs in.
        engine = SqlAlchemyExecutionEngine(engine=table.engine)
        batch = Batch(data=SqlAlchemyBatchData(execution_engine=engine, table_name=VIEW))
        validator = Validator(execution_engine=engine, batches=[batch], data_context=open_context())
        results: Iterable[Any] = validator.graph_validate(
            configurations=[expectation.configuration for expectation in expectations],
            runtime_configuration={"result_format": shape},
        )
        return results

    return ask
