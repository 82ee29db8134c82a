"""`pavedroad check` calls a suite that nobody can judge what it is: a mistake in the configuration."""

import json

import pytest
from settings_text import write_settings

from pavedroad.errors import ConfigError
from pavedroad.foundation.project import find_project
from pavedroad.report import Check, Outcome, conclude, write_report
from pavedroad.stages import check
from pavedroad.stages.check import _refuse_suite, lint_suite

CONFIG = write_settings(
    data='train = "t.parquet"',
    validation='suite = "suite.json"',
)


@pytest.fixture
def project(world):
    def make(kind, outcome):
        suite = json.dumps({"expectations": [{"type": kind, "kwargs": {"column": "sold"}}]})
        made = find_project(world({"pavedroad.toml": CONFIG, "suite.json": suite}))
        if outcome is not None:
            checks = [Check(id="a", title="A", outcome=outcome, reason="why")]
            write_report(made.report("validate"), conclude("validate", checks))
        return made

    return make


@pytest.mark.slow
def test_an_expectation_that_nobody_knows_is_refused_with_its_line(project):
    with pytest.raises(ConfigError, match="does not know 'expect_nothing_of_the_kind'") as caught:
        _refuse_suite(project("expect_nothing_of_the_kind", Outcome.ERROR))
    assert caught.value.line == 1
    assert caught.value.exit_code == 2


@pytest.fixture
def looked(monkeypatch):
    """The types of the suites that were looked at again, which really are."""
    seen = []

    def look(engine, suite):
        seen.append([expectation.type for expectation in suite.expectations])
        return lint_suite(engine, suite)

    monkeypatch.setattr(check, "lint_suite", look)
    return seen


def test_a_suite_that_is_right_is_not_to_blame_for_an_error(project, looked):
    _refuse_suite(project("expect_column_values_to_not_be_null", Outcome.ERROR))
    assert looked == [["expect_column_values_to_not_be_null"]]


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL, None])
def test_where_validation_could_judge_the_suite_is_not_looked_at_again(project, looked, outcome):
    _refuse_suite(project("expect_nothing_of_the_kind", outcome))
    assert looked == []
