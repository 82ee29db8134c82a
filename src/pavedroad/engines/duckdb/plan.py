"""Asking DuckDB as little as possible: what all expectations want to know goes into one scan, round by round.

An expectation is judged by a generator. It yields what it wants to know, is sent the answers, may ask again, and
returns what it found. The plan moves all generators forward together: the aggregates of one round, each asked once
however many want it, make one query over the table.
"""

import datetime as dt
import math
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pavedroad.engines.duckdb.table import Table
from pavedroad.foundation.validation.judging import readable
from pavedroad.report import Value

AT_ONCE = 100
"""Aggregates of one query. DuckDB plans a query in a time that grows with the square of their number."""

_NAMED = re.compile(r"\$(p\d+)\b")


class LeftError(Exception):
    """This expectation cannot be expressed here; the message says why, for the report."""


@dataclass(frozen=True)
class Query:
    """A question that needs a query of its own; the answer is its rows."""

    text: str


Ask = str | Query
"""An aggregate over the table, as SQL, or a query."""


@dataclass(frozen=True)
class Draft:
    """What came of one expectation, with the numbers of failing rows still to be named."""

    success: bool
    observed: Value = None
    reason: str = ""
    evidence: Mapping[str, Value] = field(default_factory=dict)
    failing: tuple[int, ...] = ()


Steps = Generator[list[Ask], list[Any], Draft]


class Plan:
    """The questions to one table."""

    def __init__(self, table: Table, most_keys: int) -> None:
        self.table = table
        self.most_keys = most_keys
        self.ordered = 0
        """How many expectations want a column put in order, which takes memory."""
        self._values: dict[str, Any] = {}
        self._names: dict[tuple[type, Any], str] = {}
        self._known: dict[Ask, Any] = {}

    def bind(self, value: str | dt.datetime) -> str:
        """A text or a moment as a named value of the query, never as a part of its words."""
        key = (type(value), value.isoformat() if isinstance(value, dt.datetime) else value)
        if key not in self._names:
            self._names[key] = f"p{len(self._names)}"
            self._values[self._names[key]] = value
        return f"${self._names[key]}"

    def write(self, value: object) -> str:
        """A value of a suite as SQL.

        Raises:
            LeftError: SQL has no such value.
        """
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | dt.datetime):
            return self.bind(value)
        if isinstance(value, int):
            if -(2**63) <= value < 2**63:
                return f"({value})::BIGINT"
            raise LeftError("A bound lies beyond 64 bits.")
        if isinstance(value, float) and math.isfinite(value):
            return f"'{value!r}'::DOUBLE"
        raise LeftError(f"A value of the type {type(value).__name__} cannot be compared in DuckDB.")

    def run(self, steps: Mapping[str, Steps]) -> dict[str, Draft]:
        """Move all generators forward together until each has returned; the drafts, by the generators' names."""
        done: dict[str, Draft] = {}
        waiting: dict[str, list[Ask]] = {}
        for name, step in steps.items():
            self._move(name, step, None, waiting, done)
        while waiting:
            self._answer(ask for asks in waiting.values() for ask in asks)
            now, waiting = waiting, {}
            for name, asks in now.items():
                self._move(name, steps[name], [self._known[ask] for ask in asks], waiting, done)
        return done

    def name_rows(self, numbers: set[int], keys: tuple[str, ...]) -> dict[int, str]:
        """The names of rows: the values of their keys, or their numbers where there are no keys."""
        columns = [self.table.columns[key] for key in keys if key in self.table.columns]
        if not numbers or not columns:
            return {number: self.table.name_row(number) for number in numbers}
        wanted = ", ".join(str(int(number)) for number in sorted(numbers))
        rows = self.table.ask(
            f"SELECT r, {', '.join(f'{column.sql}::VARCHAR' for column in columns)} FROM t WHERE r IN ({wanted})"  # noqa: S608
        )
        return {
            row[0]: ", ".join(
                f"{column.name}={readable(value)}" for column, value in zip(columns, row[1:], strict=True)
            )
            for row in rows
        }

    def _move(
        self, name: str, step: Steps, answers: list[Any] | None, waiting: dict[str, list[Ask]], done: dict[str, Draft]
    ) -> None:
        try:
            waiting[name] = next(step) if answers is None else step.send(answers)
        except StopIteration as stop:
            done[name] = stop.value

    def _answer(self, asks: Iterator[Ask]) -> None:
        new = [ask for ask in dict.fromkeys(asks) if ask not in self._known]
        aggregates = [ask for ask in new if isinstance(ask, str)]
        for start in range(0, len(aggregates), AT_ONCE):
            some = aggregates[start : start + AT_ONCE]
            self._known.update(zip(some, self._ask(f"SELECT {', '.join(some)} FROM t")[0], strict=True))  # noqa: S608
        for ask in new:
            if isinstance(ask, Query):
                self._known[ask] = self._ask(ask.text)

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.table.ask(query, {name: self._values[name] for name in _NAMED.findall(query)})
