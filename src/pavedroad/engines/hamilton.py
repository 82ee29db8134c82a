"""Hamilton behind ``foundation.usercode.columns``: features as a module of functions, one a column."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from hamilton import base, driver
from hamilton.data_quality.base import DataValidationError, ValidationResult

from pavedroad.errors import UserCodeError
from pavedroad.foundation.usercode.columns import ColumnCheck, Graph

_RESULT = "hamilton.data_quality.contains_dq_results"
_SOURCE = "hamilton.data_quality.source_node"


def make_columns(module: ModuleType, table: pd.DataFrame) -> pd.DataFrame:
    """Run the module's functions over the columns of a table.

    The features are what the list ``FEATURES`` of the module names, or all columns that its functions make.
    """
    names = _choose(module)
    with _quietly():
        made = _run(module, names, table)
    for name in names:
        _require_column(module, name, made[name], table.index)
    return pd.DataFrame({name: made[name] for name in names}, index=table.index)


def check_columns(module: ModuleType, table: pd.DataFrame) -> list[ColumnCheck]:
    """Run what ``check_output`` says of the columns; a failed check is a result here, whatever its importance."""
    found = []
    with _quietly():
        for node in _driver(module).list_available_variables():
            if not node.tags.get(_RESULT):
                continue
            source = str(node.tags[_SOURCE])
            critical = any(_importance(function) == "fail" for function in node.originating_functions or ())
            try:
                result = _run(module, [node.name], table)[node.name]
            except DataValidationError:
                continue  # a column that it is made of failed a check of its own, which is in the list
            if isinstance(result, ValidationResult):
                rule = node.name.removeprefix(f"{source}_").removesuffix("_validator")
                found.append(ColumnCheck(source, rule, bool(result.passes), result.message, critical))
    return found


def draw_columns(module: ModuleType) -> Graph:
    """The columns and what each is made of; checks and what they stand between are left out."""
    nodes = {node.name: node for node in _driver(module).list_available_variables()}
    edges: dict[str, list[str]] = {}
    for name, node in nodes.items():
        if node.tags.get(_RESULT) or (name.endswith("_raw") and name.removesuffix("_raw") in nodes):
            continue
        raw = nodes.get(f"{name}_raw", node)
        edges[name] = sorted(raw.required_dependencies | raw.optional_dependencies)
    return Graph(edges, [name for name in edges if nodes[name].is_external_input])


def _require_column(module: ModuleType, name: str, made: object, index: pd.Index) -> None:
    """Refuse what pandas would stretch to all rows or fill with gaps without a word."""
    if not isinstance(made, pd.Series | np.ndarray) or made.ndim != 1:
        wrong = f"{type(made).__name__}, not a column"
    elif len(made) != len(index):
        wrong = f"{len(made):,} values, not one for each of {len(index):,} rows"
    elif isinstance(made, pd.Series) and not made.index.sort_values().equals(index.sort_values()):
        wrong = "its rows under another index"
    else:
        return
    code = getattr(getattr(module, name, None), "__code__", None)
    raise UserCodeError(
        f"The function {name!r} returned {wrong}.",
        where=module.__file__,
        line=None if code is None else code.co_firstlineno,
        next_step="Keep every row and its index; fill gaps instead of dropping them.",
    )


def _choose(module: ModuleType) -> list[str]:
    stated = getattr(module, "FEATURES", None)
    if stated is not None:
        return [str(name) for name in stated]
    graph = draw_columns(module)
    columns = {node.name for node in _driver(module).list_available_variables() if _is_column(node.type)}
    return [name for name in graph.needs if name in columns and name not in graph.inputs]


def _is_column(type_: object) -> bool:
    return isinstance(type_, type) and issubclass(type_, pd.Series)


def _run(module: ModuleType, names: list[str], table: pd.DataFrame) -> dict[str, Any]:
    made: dict[str, Any] = _driver(module).execute(names, inputs={name: table[name] for name in table.columns})
    return made


@lru_cache(maxsize=4)
def _driver(module: ModuleType) -> driver.Driver:
    try:
        return driver.Builder().with_modules(module).with_adapters(base.DictResult()).build()
    except Exception as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise UserCodeError(
            f"Hamilton cannot make a graph of {module.__name__!r}: {type(error).__name__}: {reason}.",
            where=module.__file__,
        ) from error


def _importance(function: Any) -> str:  # noqa: ANN401
    """What a failed check of a function means, as its decorator says."""
    for kept in vars(function).values():
        for decorator in kept if isinstance(kept, list) else ():
            found = getattr(decorator, "importance", None)
            if found is not None:
                return str(getattr(found, "value", found))
    return "warn"


@contextmanager
def _quietly() -> Iterator[None]:
    """Hamilton's own logs hold rows of the data."""
    logger = logging.getLogger("hamilton")
    before = logger.disabled
    logger.disabled = True
    children = [name for name in logging.root.manager.loggerDict if name.startswith("hamilton.")]
    states = {name: logging.getLogger(name).disabled for name in children}
    for name in children:
        logging.getLogger(name).disabled = True
    try:
        yield
    finally:
        logger.disabled = before
        for name, state in states.items():
            logging.getLogger(name).disabled = state
