"""`pavedroad suite`: a first suite from data, its lint, and how the data moved since."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.errors import ConfigError, UsageError
from pavedroad.foundation.project import find_project
from pavedroad.foundation.validation.judging import lint_suite
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import Outcome
from pavedroad.stages.suite import find_moves, write_first_suite
from pavedroad.stages.validate import validate

CONFIG = write_settings(
    objective='target = "a"',
    data='train = "t.csv"',
    validation='suite = "suite.json"',
)
TABLE = pd.DataFrame(
    {"a": [float(row) for row in range(40)], "shop": ["north", "south"] * 20, "gap": [None, 1.0, 2.0, 3.0] * 10}
)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pavedroad.toml").write_text(CONFIG)
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    made = find_project(tmp_path)
    write_first_suite(made, tmp_path / "t.csv", tmp_path / "suite.json")
    return made


def test_a_first_suite_passes_on_its_own_table_and_gives_reasons(project):
    assert validate(project).outcome is Outcome.PASS
    suite = load_suite(project.root / "suite.json")
    assert all(expectation.notes for expectation in suite.expectations)


def test_writing_it_again_changes_nothing_and_another_is_not_replaced_unasked(project):
    path = project.root / "suite.json"
    before = path.read_bytes()
    assert write_first_suite(project, project.root / "t.csv", path)[1] is False
    assert path.read_bytes() == before
    TABLE.head(35).to_csv(project.root / "t.csv", index=False)
    with pytest.raises(UsageError, match="suite already"):
        write_first_suite(project, project.root / "t.csv", path)


def test_what_moved_since_is_told_and_nothing_else(project):
    suite = project.root / "suite.json"
    assert find_moves(project.root / "t.csv", suite) == []
    changed = TABLE.assign(a=TABLE["a"] + 100, new=1).drop(columns="gap")
    changed.to_csv(project.root / "now.csv", index=False)
    moves = {(move.column, move.what): (move.before, move.now) for move in find_moves(project.root / "now.csv", suite)}
    assert moves["a", "mean"] == (19.5, 119.5)
    assert moves["gap", "column"] == ("there", None)
    assert moves["new", "column"] == (None, "there")
    assert not any(column == "shop" for column, _ in moves)


def test_a_suite_without_a_profile_says_how_to_get_one(project):
    suite = project.root / "suite.json"
    document = json.loads(suite.read_text())
    del document["meta"]
    suite.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="no profile"):
        find_moves(project.root / "t.csv", suite)


def test_lint_tells_who_would_judge_what(project):
    suite = load_suite(project.root / "suite.json")
    assert set(lint_suite("auto", suite).values()) == {"duckdb"}
    assert set(lint_suite("gx", suite).values()) == {"gx"}
    kind = "expect_column_values_to_be_dateutil_parseable"
    (project.root / "b.json").write_text(json.dumps({"expectations": [{"type": kind, "kwargs": {"column": "a"}}]}))
    other = load_suite(project.root / "b.json")
    assert [*lint_suite("auto", other).values(), *lint_suite("duckdb", other).values()] == ["gx", "nobody"]


@pytest.mark.parametrize("bounds", [{}, {"min_value": 2, "max_value": 1}, {"min_value": None}], ids=str)
def test_a_range_that_nothing_or_everything_lies_in_is_refused(tmp_path, bounds):
    kind = "expect_column_values_to_be_between"
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"expectations": [{"type": kind, "kwargs": {"column": "a", **bounds}}]}))
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    assert caught.value.line == 1


def test_the_command_tells_what_moved_within_the_memory_given(project):
    config = project.root / "pavedroad.toml"
    config.write_text(config.read_text().replace("[validation]", '[validation]\nmemory_limit = "100MB"\nthreads = 1'))
    TABLE.assign(a=TABLE["a"] + 100).to_csv(project.root / "t.csv", index=False)
    command = [sys.executable, "-m", "pavedroad", "suite", "diff"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True)
    assert "a: mean 19.5 → 119.5" in done.stdout
    assert "shop" not in done.stdout
