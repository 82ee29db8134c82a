"""The language of suites as Great Expectations knows it: types, arguments, and expectations of the repo's own.

This is the only module that imports Great Expectations for the first time, so that its habits are broken once: it
reports home, it captures the warnings of the whole process, and it logs what the road reports itself.
"""

import logging
import os
import re
import sys
import warnings
from importlib.util import find_spec
from typing import Any

if find_spec("pyspark") and not hasattr(sys.modules["__main__"], "__file__"):
    # Great Expectations imports PySpark wherever there is one. In a process that no file started, PySpark without what
    # its extra brings takes itself to be under test, and ends the process: with success.
    for _name in ("grpc", "grpc_status", "zstandard"):
        if not find_spec(_name):
            raise ModuleNotFoundError(f"PySpark needs {_name}.", name=_name)

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read once, when Great Expectations is imported

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # PySpark's, of the newest pandas
    import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
    register_expectation,
)

from pavedroad.config import nearest
from pavedroad.errors import ConfigError
from pavedroad.foundation.validation.suite import Expectation, Suite

logging.captureWarnings(False)  # Great Expectations switches it on for the whole process when it is imported
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

_OF_CONDITIONS = r"(Passing a string to the row_condition parameter|The condition_parser parameter) is deprecated"
"""A suite is JSON, where a condition on rows is a text; Great Expectations would rather have objects of its own."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def check_suite(suite: Suite) -> dict[str, str]:
    """Refuse what Great Expectations would log and drop: unknown types and arguments that do not fit.

    Raises:
        ConfigError: with the file and line of the expectation; or the repo's own expectations take a name that is
            Great Expectations' own.
        UserCodeError: the module of the repo's own expectations cannot be imported.
    """
    learn_own(suite)
    for expectation in suite.expectations:
        build(expectation, suite)
    return {}


def learn_own(suite: Suite) -> None:
    """Let the repo define its own expectations, and see to it that none takes the place of one everybody knows."""
    known = {name: get_expectation_impl(name) for name in list_registered_expectation_implementations()}
    suite.define()
    for name, implementation in known.items():
        own = get_expectation_impl(name)
        if own is not implementation and implementation.__module__.startswith("great_expectations."):
            register_expectation(implementation)
            raise ConfigError(
                f"The module {own.__module__!r} defines {name!r}, which is Great Expectations' own.",
                next_step="Give the class another name; the type in a suite is that name in lower case.",
            )


def build(expectation: Expectation, suite: Suite, kwargs: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    """The vendor's expectation for one line of a suite; ``kwargs``: its arguments, where they are not as written.

    Raises:
        ConfigError: its type is unknown or its arguments do not fit.
    """
    try:
        implementation = get_expectation_impl(expectation.type)
    except ExpectationNotFoundError as error:
        raise ConfigError(
            f"Great Expectations does not know {expectation.type!r}.",
            where=suite.path,
            line=expectation.line,
            next_step=_find_nearest(expectation.type),
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _OF_CONDITIONS, DeprecationWarning)
            return implementation(
                **_complete_dates(expectation.kwargs if kwargs is None else kwargs),
                severity=expectation.severity.value,
                meta={"id": expectation.id},
            )
    except (ValueError, TypeError) as error:
        problems = getattr(error, "errors", None)
        first = problems()[0] if callable(problems) else {"loc": (), "msg": str(error)}
        about = ".".join(str(part) for part in first["loc"] if part != "__root__")
        raise ConfigError(
            f"The arguments of {expectation.type} do not fit: {f'{about}: ' if about else ''}{first['msg']}.",
            where=suite.path,
            line=expectation.line,
        ) from error


def bundle(expectations: list[Any]) -> Any:  # noqa: ANN401
    """The vendor's suite of its own expectations; its name stands in no result."""
    return gx.ExpectationSuite(name="suite", expectations=expectations)


def open_context() -> Any:  # noqa: ANN401
    """A context of its own, in memory: nothing is written, and threads cannot mix their results."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _complete_dates(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Dates as bounds with their first moment, because Great Expectations compares no date with a column of times."""
    bounds = {key: kwargs[key] for key in ("min_value", "max_value") if isinstance(kwargs.get(key), str)}
    return {**kwargs, **{key: f"{text}T00:00:00" for key, text in bounds.items() if _DATE.fullmatch(text)}}


def _find_nearest(name: str) -> str:
    """The expectation type that was probably meant, in words."""
    import difflib

    known = list_registered_expectation_implementations()
    close = difflib.get_close_matches(name, known, n=1)
    return nearest(name, close) if close else "See the gallery of expectations for the names."
