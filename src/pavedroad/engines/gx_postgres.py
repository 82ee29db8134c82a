"""Great Expectations on PostgreSQL behind ``foundation.validation``: tables are judged where they are kept."""

from collections.abc import Iterable
from typing import Any

from pavedroad.engines.gx_findings import Ask, ask_for_few, find
from pavedroad.engines.gx_postgres_table import VIEW, Table, open_table
from pavedroad.engines.gx_suite import check_suite, open_context
from pavedroad.errors import ConfigError
from pavedroad.foundation.validation import Judgement, Question

__all__ = ["check_suite", "judge"]


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
        facts = table.find_facts(question.named)
        if not facts.rows:
            return Judgement(facts, [])
        return Judgement(facts, find(question, table.names, _prepare(table, question), "gx-postgres"))


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
