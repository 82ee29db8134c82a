"""Calling the repo's own functions, and turning whatever they do wrong into a clear error."""

import contextlib
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pavedroad.errors import UserCodeError
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.frames import lend, take_back
from pavedroad.foundation.usercode.supervision import (
    TooLongError,
    collect_garbage,
    keep_process,
    keep_streams,
    limit_time,
)

if TYPE_CHECKING:
    import pandas as pd

HAMILTON = "hamilton:"
"""What stands before the name of a module of column functions."""


def load_function(project: Project, import_path: str) -> Callable[..., Any]:
    """Import ``package.module:function`` from the repo's ``src`` folder or its environment.

    Raises:
        UserCodeError: the module cannot be imported or holds no such function.
    """
    module_name, _, name = import_path.partition(":")
    module = load_module(project, module_name)
    function = getattr(module, name, None)
    if not callable(function):
        raise UserCodeError(
            f"The module {module_name!r} has no function {name!r}.",
            where=_shorten(getattr(module, "__file__", None) or module_name, project.root),
            next_step=f"Define it, or correct {import_path!r} in pavedroad.toml.",
        )
    loaded: Callable[..., Any] = function
    return loaded


def load_module(project: Project, name: str) -> ModuleType:
    """Import ``package.module`` from the repo's ``src`` folder or its environment.

    Raises:
        UserCodeError: it cannot be imported.
    """
    source = str(project.root / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    try:
        with keep_streams():
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _blame(f"The module {name!r} cannot be imported", error, project.root) from error


def call(project: Project, what: str, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Call a function of the repo; it has ``model.timeout`` seconds, and a process that it forks does not come back.

    Raises:
        UserCodeError: the function raised, or took too long; the error names the line of the repo's code that did.
    """
    seconds = project.config.model.timeout
    try:
        with keep_process(), keep_streams(), limit_time(seconds), collect_garbage():
            return function(*arguments)
    except TooLongError as error:
        raise _blame(
            f"{what} took longer than the {seconds:,} seconds of model.timeout", error, project.root
        ) from error
    except KeyboardInterrupt:
        raise
    except UserCodeError as error:  # of the engine that ran the code, which knows better what is wrong
        error.where = None if error.where is None else _shorten(error.where, project.root)
        raise
    except BaseException as error:
        raise _blame(f"{what} failed", error, project.root) from error


def make_features(project: Project, table: "pd.DataFrame", wanted: "Sequence[str] | None" = None) -> "pd.DataFrame":
    """Call the repo's ``features`` on a table without its target, and hold it to its contract.

    The function gets a copy, so it may change it, of the kind that ``model.frame`` names. It must return a table with
    one row for each row it was given.

    Args:
        project: the repo.
        table: the rows, with or without the target.
        wanted: the columns the model was trained on; they are returned in this order.

    Raises:
        UserCodeError: it raised or broke the contract.
    """
    path, target = project.config.model.features, project.config.objective.target
    given = table.drop(columns=[target], errors="ignore")
    if not path:  # a script makes its own of the table's columns
        return given if wanted is None else given[list(wanted)]
    function = _find_features(project, path)
    frame = "pandas" if path.startswith(HAMILTON) else project.config.model.frame
    made: Any = take_back(call(project, path, function, lend(given.reset_index(drop=True), frame)))
    with point_at(project, function):
        _require_features(made, len(table), target, path)
        missing = [name for name in wanted or () if name not in made.columns]
        if missing:
            raise UserCodeError(
                f"{path} did not return the column {missing[0]!r}, which the model was trained on.",
                next_step="Make the same columns of any rows, even of a single one: name the categories in the code.",
            )
    features = _put_in_order(made).set_axis(table.index, axis=0)
    return features if wanted is None else features[list(wanted)]


def _put_in_order(made: "pd.DataFrame") -> "pd.DataFrame":
    """The rows in the order in which they were lent, counted from 0: a function may have sorted them by something."""
    import pandas as pd

    counted = pd.RangeIndex(len(made))
    if made.index.dtype.kind not in "iu" or made.index.equals(counted):
        return made
    return made.sort_index() if made.index.sort_values().equals(counted) else made


def _find_features(project: Project, path: str) -> Callable[..., Any]:
    """The function of the repo, or the engine's that runs a module of column functions."""
    if not path.startswith(HAMILTON):
        return load_function(project, path)
    module = load_module(project, path.removeprefix(HAMILTON))
    return partial(load_engine("features", "hamilton").make_columns, module)


@contextlib.contextmanager
def point_at(project: Project, function: Callable[..., Any]) -> Iterator[None]:
    """Let an error about what a function gave back name the line on which the function begins."""
    try:
        yield
    except UserCodeError as error:
        code = getattr(inspect.unwrap(function), "__code__", None)
        if error.where is None and code is not None:
            error.where, error.line = _shorten(code.co_filename, project.root), code.co_firstlineno
        raise


def _require_features(made: object, rows: int, target: str, path: str) -> None:
    import pandas as pd

    if not isinstance(made, pd.DataFrame):
        raise UserCodeError(
            f"{path} returned {type(made).__name__}, not a pandas or Polars DataFrame.",
            next_step="End the function with `return table`.",
        )
    if len(made) != rows:
        raise UserCodeError(
            f"{path} returned {len(made):,} rows for {rows:,}.",
            next_step="Keep every row; fill gaps instead of dropping them.",
        )
    if made.shape[1] == 0:
        raise UserCodeError(f"{path} returned no column.", next_step="Return the columns the model learns from.")
    if target in made.columns:
        raise UserCodeError(
            f"{path} returned the target {target!r} as a feature.", next_step="Remove it; the road keeps it apart."
        )
    if not made.columns.is_unique:
        raise UserCodeError(f"{path} returned two columns of the same name.", next_step="Rename one of them.")
    names: Sequence[object] = made.columns.tolist()
    strange = [name for name in names if not isinstance(name, str)]
    if strange:
        raise UserCodeError(f"{path} returned a column named {strange[0]!r}.", next_step="Name columns by text.")


def _blame(what: str, error: BaseException, root: Path) -> UserCodeError:
    """An error that names the innermost line of the repo's own code."""
    # The environment may lie in the repo too, but what it holds is not the repo's own.
    own = _own_code(root)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(own)]
    if isinstance(error, SyntaxError) and error.filename:
        where, line = error.filename, error.lineno
    elif frames:
        where, line = frames[-1].filename, frames[-1].lineno
    else:
        where, line = None, None
    message = " ".join(str(error).split())[:500].rstrip(".")
    said = "" if isinstance(error, TooLongError) else f": {type(error).__name__}: {message}"
    return UserCodeError(
        f"{what}{said}.",
        where=None if where is None else _shorten(where, root),
        line=line,
        next_step="Run `nox -s tests` to try the functions by themselves.",
    )


def _own_code(root: Path) -> str:
    return str(root / "src") + os.sep


def _shorten(file: str, root: Path) -> str:
    """A file of the repo's own code by its path in the repo; any other by its whole path."""
    return Path(file).relative_to(root).as_posix() if file.startswith(_own_code(root)) else file
