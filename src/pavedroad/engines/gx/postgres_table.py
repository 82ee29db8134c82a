"""A table of a PostgreSQL database, held still while it is judged.

Every connection sees the table through a temporary view, in which a NaN is a missing value as in every other engine and
columns bear names that Great Expectations can spell; and every transaction sees the same moment of it. Nothing can be
written. Names are quoted by psycopg, never pasted into a query, and the address of the database, which may hold a
password, comes from the environment and goes into no message.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import event

from pavedroad.engines.gx.names import Names
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Database
from pavedroad.foundation.validation.judging import ColumnFacts, TableFacts

VIEW = "pavedroad_table"
"""The name under which the table is judged."""
CONNECT_WITHIN_S = 10
_NAMESPACE = "pg_temp"

_WHOLE = ("int2", "int4", "int8")
_REAL = ("float4", "float8", "numeric")
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys((*_WHOLE, *_REAL), "number"),
    "bool": "boolean",
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "time"),
}
"""What PostgreSQL's types hold; any other is taken for text."""


@dataclass(frozen=True)
class Table:
    """A table that can be asked: through ``engine``, as ``VIEW``, with its columns called as ``names`` has them."""

    engine: sqlalchemy.Engine
    names: Names
    types: dict[str, str]
    """PostgreSQL's type of each column, by the column's own name."""

    def holds_whole_numbers(self, column: str) -> bool:
        """Whether a column is of a type that cannot hold a fraction."""
        return self.types.get(column) in _WHOLE

    def find_facts(self, named: Sequence[str]) -> TableFacts:
        """Count the rows and, of the named columns, the gaps and the infinities, in one scan."""
        here = [name for name in dict.fromkeys(named) if name in self.types]
        asked: list[sql.Composable] = [sql.SQL("count(*)")]
        for name in here:
            column = sql.Identifier(self.names.judged[name])
            asked.append(sql.SQL("count({})").format(column))
            if self.types[name] in _REAL:
                strange = sql.SQL("count(*) FILTER (WHERE {} IN ('Infinity', '-Infinity'))")
                asked.append(strange.format(column))
            else:
                asked.append(sql.SQL("0"))
        query = sql.SQL("SELECT {} FROM {}.{}").format(
            sql.SQL(", ").join(asked), sql.Identifier(_NAMESPACE), sql.Identifier(VIEW)
        )
        with self.engine.begin() as connection:  # what does not begin through SQLAlchemy would see another moment
            rows, *counts = _driver(connection).execute(query).fetchone() or (0,)
        columns = {
            name: ColumnFacts(_KINDS.get(self.types[name], "category"), rows - known, strange)
            for name, known, strange in zip(here, counts[::2], counts[1::2], strict=True)
        }
        return TableFacts(rows=rows, names=tuple(self.types), columns=columns)


@contextmanager
def open_table(database: Database) -> Iterator[Table]:
    """Connect to the database and look at the table as it is at this moment.

    Raises:
        ConfigError: the environment holds no address, or one that is not PostgreSQL's.
        DataError: the server does not answer, refuses us, has no such table or does not let us read it.
    """
    address = _read_address(database.variable)
    with _blame(database), psycopg.connect(address, connect_timeout=CONNECT_WITHIN_S) as holder:
        types = _find_types(holder, database)
        names = Names(types)
        view = _make_view(database, types, names)
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=lambda: _connect(address, view),
            isolation_level="REPEATABLE READ",
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
        )
        try:
            with engine.connect():
                pass  # the view must be there before the moment that all transactions see
            holder.rollback()
            holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            _see_one_moment(engine, holder)
            yield Table(engine, names, types)
        finally:
            engine.dispose()


def _read_address(variable: str) -> str:
    """The address of the database, in the form that psycopg takes."""
    address = os.environ.get(variable, "")
    if not address:
        raise ConfigError(
            f"[validation] table names a table in a database, but the environment variable {variable} is not set.",
            next_step=f"Set {variable} to postgresql://user:password@host:port/database, or correct "
            "[validation] connection, which names the variable.",
        )
    plain = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", address)
    if not plain.startswith("postgresql://"):
        raise ConfigError(
            f"The environment variable {variable} does not hold the address of a PostgreSQL database.",
            next_step="Write it as postgresql://user:password@host:port/database.",
        )
    try:
        psycopg.conninfo.conninfo_to_dict(plain)
    except psycopg.ProgrammingError:
        # Not "from error": the message may quote the password.
        raise ConfigError(
            f"The environment variable {variable} does not hold a valid address.",
            next_step="Write signs such as @ : / # % in a password as %40 %3A %2F %23 %25.",
        ) from None
    return plain


def _connect(address: str, view: sql.Composable) -> "psycopg.Connection[Any]":
    connection = psycopg.connect(address, connect_timeout=CONNECT_WITHIN_S)
    connection.execute(view)
    connection.commit()
    connection.read_only = True
    return connection


def _find_types(holder: "psycopg.Connection[Any]", database: Database) -> dict[str, str]:
    """The columns of the table with their types, in its order."""
    here = sql.Identifier(*filter(None, (database.schema, database.table)))
    known = holder.execute("SELECT to_regclass(%s)::oid", [here.as_string(holder)]).fetchone()
    if known is None or known[0] is None:
        raise DataError(
            f"There is no table {database.table!r}{f' in the schema {database.schema!r}' if database.schema else ''}.",
            where=f"the database of {database.variable}",
            next_step="Correct [validation] table and table_schema; capital letters count.",
        )
    query = """
        SELECT a.attname, coalesce(b.typname, t.typname)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
        WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
    types = dict(holder.execute(query, known).fetchall())
    if not types:
        raise DataError("The table has no column.", where=database.table)
    return types


def _make_view(database: Database, types: Mapping[str, str], names: Names) -> sql.Composable:
    columns = []
    for name, type_ in types.items():
        column, judged = sql.Identifier(name), sql.Identifier(names.judged[name])
        shape = "nullif({}, 'NaN') AS {}" if type_ in _REAL else "{} AS {}"
        columns.append(sql.SQL(shape).format(column, judged))
    table = sql.Identifier(*filter(None, (database.schema, database.table)))
    return sql.SQL("CREATE TEMPORARY VIEW {} AS SELECT {} FROM {}").format(
        sql.Identifier(VIEW), sql.SQL(", ").join(columns), table
    )


def _see_one_moment(engine: sqlalchemy.Engine, holder: "psycopg.Connection[Any]") -> None:
    """Let every transaction see the table as ``holder`` does, whose transaction stays open meanwhile."""
    row = holder.execute("SELECT pg_export_snapshot()").fetchone()
    snapshot = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0] if row else ""))

    def follow(connection: sqlalchemy.Connection) -> None:
        _driver(connection).execute(snapshot)

    event.listen(engine, "begin", follow)


def _driver(connection: sqlalchemy.Connection) -> "psycopg.Connection[Any]":
    found: psycopg.Connection[Any] = connection.connection.driver_connection
    return found


@contextmanager
def _blame(database: Database) -> Iterator[None]:
    """Turn what the database says into an error of ours, without the address."""
    where = f"the database of {database.variable}"
    try:
        yield
    except (psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        cause = getattr(error, "orig", error)
        if isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise DataError(
                f"We may not read the table {database.table!r}: {_first_line(cause)}.",
                where=where,
                next_step="The user needs SELECT on the table, and TEMPORARY on the database.",
            ) from None
        if isinstance(cause, psycopg.OperationalError):
            raise DataError(
                f"The database cannot be reached: {_first_line(cause)}.",
                where=where,
                next_step=f"Is the server running, and is the address in {database.variable} right?",
            ) from None
        raise DataError(f"The database refused: {_first_line(cause)}.", where=where) from None


def _first_line(error: BaseException) -> str:
    """The gist of what the server said. psycopg's messages name host, port and user, and never the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".")[:300] if lines else type(error).__name__
