"""What a change of a suite means, in words, and against a real base commit."""

import json
import subprocess

import pytest

from pavedroad.errors import UsageError
from pavedroad.foundation.contract import compare_suites
from pavedroad.foundation.project import find_project
from pavedroad.foundation.suite import load_suite
from pavedroad.report import Outcome
from pavedroad.stages.contract import contract

RANGE, IN_SET, NOT_IN = (f"expect_column_values_to_{words}" for words in ("be_between", "be_in_set", "not_be_in_set"))
COLUMNS = "expect_table_columns_to_match_set"
CONFIG = """
[project]
name = "p"
owner = "me"
[objective]
problem = "regression"
target = "a"
metric = "mean_absolute_error"
[data]
train = "t.csv"
[validation]
suite = "suite.json"
[model]
features = "a:b"
train = "a:c"
"""


def entry(kind, severity="critical", id_="x", **kwargs):
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"id": id_}}


def write(path, *entries):
    path.write_text(json.dumps({"expectations": list(entries)}))
    return path


LOW, HIGH = entry(RANGE, column="a", min_value=0, max_value=10), entry(RANGE, column="a", min_value=2, max_value=10)
CHANGES = {
    "a lower least value": (HIGH, LOW, "looser", "min value 2 became 0"),
    "a higher greatest value": (LOW, entry(RANGE, column="a", min_value=0, max_value=11), "looser", "10 became 11"),
    "a bound less": (LOW, entry(RANGE, column="a", min_value=0), "looser", "max value 10 became none"),
    "a smaller share": (
        LOW,
        entry(RANGE, column="a", min_value=0, max_value=10, mostly=0.9),
        "looser",
        "mostly none became 0.9",
    ),
    "an open end": (
        LOW,
        entry(RANGE, column="a", min_value=0, max_value=10, strict_max=True),
        "stricter",
        "strict max",
    ),
    "a condition": (
        LOW,
        entry(RANGE, column="a", min_value=0, max_value=10, row_condition="a > 1", condition_parser="pandas"),
        "looser",
        "row condition",
    ),
    "a milder severity": (LOW, {**LOW, "severity": "warning"}, "looser", "counts as warning instead of critical"),
    "a larger set": (
        entry(IN_SET, column="a", value_set=[1]),
        entry(IN_SET, column="a", value_set=[1, 2]),
        "looser",
        "gained 2",
    ),
    "a larger forbidden set": (
        entry(NOT_IN, column="a", value_set=[1]),
        entry(NOT_IN, column="a", value_set=[1, 2]),
        "stricter",
        "gained 2",
    ),
    "a column less": (
        entry(COLUMNS, column_set=["a", "b"], exact_match=False),
        entry(COLUMNS, column_set=["a"], exact_match=False),
        "looser",
        "lost b",
    ),
    "another expectation of the same id": (LOW, entry(IN_SET, column="a", value_set=[1]), "different", "became"),
}


@pytest.mark.parametrize(("before", "after", "way", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_with_its_way_and_the_other_way_round(tmp_path, before, after, way, words):
    old, new = load_suite(write(tmp_path / "old.json", before)), load_suite(write(tmp_path / "new.json", after))
    changes = compare_suites(old, new)
    assert {change.way for change in changes if "parser" not in change.words} == {way}
    assert words in " ".join(change.words for change in changes)
    back = {change.way for change in compare_suites(new, old) if "parser" not in change.words}
    assert back == {{"looser": "stricter", "stricter": "looser", "different": "different"}[way]}


def test_what_is_gone_is_looser_and_what_is_new_is_stricter(tmp_path):
    other = entry(IN_SET, id_="y", column="b", value_set=[1])
    old, new = load_suite(write(tmp_path / "old.json", LOW)), load_suite(write(tmp_path / "new.json", other))
    assert [change.way for change in compare_suites(old, new)] == ["looser", "stricter"]
    assert compare_suites(old, old) == []


@pytest.fixture
def repo(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    git("init", "-b", "main")
    (tmp_path / "pavedroad.toml").write_text(CONFIG)
    write(tmp_path / "suite.json", HIGH)
    git("add", ".")
    git("commit", "-m", "One")
    return find_project(tmp_path)


def test_the_suite_is_compared_with_the_one_of_the_base(repo):
    assert contract(repo, "main").outcome is Outcome.PASS
    write(repo.root / "suite.json", LOW)
    report = contract(repo, "main")
    assert report.outcome is Outcome.WARN
    assert "1 of 1 changes make the suite looser than in main" in report.summary
    assert "min value 2 became 0" in report.checks[0].reason
    write(repo.root / "suite.json", entry(RANGE, column="a", min_value=3, max_value=10))
    assert contract(repo, "main").outcome is Outcome.PASS


def test_a_first_suite_has_nothing_to_be_compared_with(repo):
    moved = repo.root / "pavedroad.toml"
    moved.write_text(CONFIG.replace("suite.json", "new.json"))
    write(repo.root / "new.json", LOW)
    assert "no suite in main" in contract(find_project(repo.root), "main").summary


@pytest.mark.parametrize("base", ["nowhere", "--output=x", "-h", ""])
def test_a_base_that_is_no_revision_is_refused(repo, base):
    with pytest.raises(UsageError, match="does not know"):
        contract(repo, base)
    assert not (repo.root / "x").exists()
