"""Expectations that a repo defines itself: found by import path, judged like any other, never in another's place."""

import json
import sys

import pandas as pd
import pyarrow as pa
import pytest
from settings_text import write_settings

from pavedroad.engines.arrow import reading as arrow
from pavedroad.errors import ConfigError, UserCodeError
from pavedroad.foundation.data.source import hold_table
from pavedroad.foundation.project import find_project
from pavedroad.foundation.validation.judging import (
    Question,
    judge_by,
    lint_suite,
    load_project_suite,
    load_validation_engine,
)
from pavedroad.report import Outcome
from pavedroad.stages.runner import run_stage
from pavedroad.stages.validate import validate

CONFIG = write_settings(
    data='train = "t.parquet"',
    validation='engine = "{engine}"\nsuite = "suite.json"\nmin_rows = 1\nexpectations = ["{module}"]',
)
OWN = '''
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial


class ColumnValuesAreEven(ColumnMapMetricProvider):
    condition_metric_name = "column_values.even.{name}"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column, **kwargs):
        return column % 2 == 0


class Expect{camel}ToBeEven(ColumnMapExpectation):
    """Values are even."""

    map_metric = "column_values.even.{name}"
'''
TABLE = {"sold": [2.0, 4.0, 5.0], "id": [1, 2, 3]}


@pytest.fixture
def repo(world, monkeypatch):
    """A repo with a module of expectations; each test has its own, because what was registered stays registered."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(name, *, engine="auto", code=None, wanted=None):
        kind = f"expect_{name}_to_be_even"
        folder = world(
            {
                "pavedroad.toml": CONFIG.format(engine=engine, module=f"{name}.expectations"),
                "suite.json": json.dumps({"expectations": wanted or [{"type": kind, "kwargs": {"column": "sold"}}]}),
                f"src/{name}/__init__.py": "",
                f"src/{name}/expectations.py": OWN.format(name=name, camel=name.capitalize()) if code is None else code,
            }
        )
        arrow.write(pd.DataFrame(TABLE), folder / "t.parquet")
        return find_project(folder)

    return make


@pytest.mark.parametrize("engine", ["auto", "gx"])
def test_an_own_expectation_is_judged_and_its_code_is_named(repo, engine):
    project = repo(f"shop{engine}", engine=engine)
    report = run_stage(project, "validate", validate)
    [check] = [check for check in report.checks if check.id.startswith("expectation.")]
    assert check.outcome is Outcome.FAIL
    assert (check.evidence["unexpected"], check.evidence["engine"], check.where.line) == (1, "gx", 1)
    assert f"src/shop{engine}/expectations.py" in {used.path for used in report.inputs}


def test_it_passes_where_it_holds(repo):
    project = repo("shoppass")
    suite = load_project_suite(project)
    table = hold_table(pa.table({"sold": [2, 4]}))
    assert [found.success for found in judge_by("auto", Question(table, suite)).findings] == [True]


def test_it_can_be_linted_and_duckdb_alone_says_that_nobody_judges_it(repo):
    project = repo("shoplint")
    suite = load_project_suite(project)
    assert list(lint_suite("auto", suite).values()) == ["gx"]
    assert list(lint_suite("duckdb", suite).values()) == ["nobody"]


def test_without_its_module_it_is_unknown(repo):
    project = repo("shopgone", code="")
    with pytest.raises(ConfigError, match="does not know 'expect_shopgone_to_be_even'") as caught:
        lint_suite("auto", load_project_suite(project))
    assert caught.value.line == 1


def test_no_module_is_imported_where_the_suite_needs_none(repo):
    wanted = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sold"}}]
    project = repo("shopidle", code="raise SystemExit('imported')", wanted=wanted)
    assert run_stage(project, "validate", validate).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_module_that_cannot_be_imported_is_an_error_with_its_line(repo, code, why):
    name = f"shopbad{len(code)}"
    project = repo(name, code=code)
    with pytest.raises(UserCodeError, match=why) as caught:
        lint_suite("auto", load_project_suite(project))
    assert caught.value.where == f"src/{name}/expectations.py"
    assert run_stage(project, "validate", validate).outcome is Outcome.ERROR


def test_it_cannot_take_the_place_of_one_that_everybody_knows(repo):
    code = """
from great_expectations.expectations.core import ExpectColumnValuesToNotBeNull as Original

class ExpectColumnValuesToNotBeNull(Original):
    def _validate(self, *args, **kwargs):
        return {"success": True}
"""
    wanted = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sold"}},
        {"type": "expect_shoptrick_to_be_even", "kwargs": {"column": "sold"}},
    ]
    project = repo("shoptrick", code=code, wanted=wanted)
    with pytest.raises(ConfigError, match="Great Expectations' own"):
        lint_suite("gx", load_project_suite(project))
    table, suite = hold_table(pa.table({"sold": [None, 1.0]})), load_project_suite(repo("shopafter", wanted=wanted[:1]))
    [found] = load_validation_engine("gx").judge(Question(table, suite)).findings
    assert found.success is False


@pytest.mark.parametrize("module", ["a b", "../x", "a:b", "", "a.", "os; import x"])
def test_a_module_is_named_by_its_import_path(repo, module):
    project = repo("shopname")
    (project.root / "pavedroad.toml").write_text(CONFIG.format(engine="gx", module=module))
    with pytest.raises(ConfigError, match=r'a module like "package\.module"') as caught:
        find_project(project.root)
    assert caught.value.line
