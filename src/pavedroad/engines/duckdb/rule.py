"""DuckDB behind ``foundation.evaluation.rival``: a baseline as a rule in SQL that reads held-out rows alone."""

import contextlib
import threading
from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd

from pavedroad.errors import UserCodeError

_ADVICE = "Write one SELECT of one column, for example: sql:SELECT CASE WHEN rain > 5 THEN 40 ELSE 10 END FROM holdout."


def evaluate_rule(query: str, holdout: pd.DataFrame, *, seconds: int) -> np.ndarray:
    """Evaluate one SELECT over the table ``holdout``, in its order; no file, no other table, no setting is in reach.

    Args:
        query: the rule.
        holdout: the held-out rows without their target.
        seconds: how long it may take.

    Raises:
        UserCodeError: it is not a single SELECT, it cannot be run, it takes too long, or it gives more than one column
            or an empty value.
    """
    settings = {"enable_external_access": "false", "python_enable_replacements": "false", "threads": "1"}
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.register("given", holdout)
        connection.execute("CREATE TABLE holdout AS SELECT * FROM given")
        connection.unregister("given")
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise UserCodeError("The rule is not a single SELECT.", next_step=_ADVICE)
            with _limit_time(connection, seconds):
                found = connection.execute(statements[0]).fetch_df()
        except duckdb.InterruptException as error:
            raise UserCodeError(
                f"The rule took longer than the {seconds:,} seconds of model.timeout.", next_step=_ADVICE
            ) from error
        except duckdb.Error as error:
            reason = " ".join(str(error).partition("\nLINE ")[0].split())[:300].rstrip(".")  # below it points with ^^^
            raise UserCodeError(f"The rule cannot be evaluated: {reason}.", next_step=_ADVICE) from error
    if found.shape[1] != 1:
        raise UserCodeError(f"The rule gives {found.shape[1]} columns.", next_step=_ADVICE)
    column = found.iloc[:, 0]
    if column.isna().any():
        raise UserCodeError(
            f"The rule gives no value for {int(column.isna().sum()):,} rows.", next_step="Add an ELSE, or a coalesce."
        )
    if str(column.dtype).startswith("decimal") or (column.dtype == object and _are_numbers(column)):
        column = column.astype("float64")
    return np.asarray(column)


@contextlib.contextmanager
def _limit_time(connection: duckdb.DuckDBPyConnection, seconds: int) -> Iterator[None]:
    """Interrupt what the connection is at when its time is over."""
    clock = threading.Timer(seconds, connection.interrupt)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _are_numbers(column: pd.Series) -> bool:
    return pd.api.types.infer_dtype(column) == "decimal"
