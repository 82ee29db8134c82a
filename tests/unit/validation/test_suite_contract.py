"""What a change of a suite means, in words, and against a real base commit."""

import json
import subprocess

import pytest
from settings_text import write_settings

from pavedroad.errors import UsageError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.project import find_project
from pavedroad.foundation.validation.contract import compare_suites
from pavedroad.foundation.validation.schema import describe_table, write_schema
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import Outcome
from pavedroad.stages.base import find_base
from pavedroad.stages.contract import contract

RANGE, IN_SET, NOT_IN = (f"expect_column_values_to_{words}" for words in ("be_between", "be_in_set", "not_be_in_set"))
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
COLUMNS = "expect_table_columns_to_match_set"
CONFIG = write_settings(
    objective='target = "a"',
    data='train = "t.csv"',
    validation='suite = "suite.json"',
)


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
    "equal values, too": (
        entry(PAIR, column_A="a", column_B="b"),
        entry(PAIR, column_A="a", column_B="b", or_equal=True),
        "looser",
        "or equal none became True",
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


def git(project, *words):
    subprocess.run(["git", "-C", str(project.root), *words], check=True, capture_output=True)


@pytest.fixture
def repo(world):
    root = world({"pavedroad.toml": CONFIG})
    write(root / "suite.json", HIGH)
    project = find_project(root)
    git(project, "init", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-m", "One")
    return project


def test_the_suite_is_compared_with_the_one_of_the_base(repo):
    assert contract(repo, "main").outcome is Outcome.PASS
    write(repo.root / "suite.json", LOW)
    report = contract(repo, "main")
    assert report.outcome is Outcome.WARN
    assert "1 of 1 changes make the contract about the data looser than in main" in report.summary
    check = report.checks[0]
    assert check.title == "`a`: to be between, no looser than in main"
    assert (check.observed, check.reason) == ("looser", "Min value 2 became 0.")
    write(repo.root / "suite.json", entry(RANGE, column="a", min_value=3, max_value=10))
    report = contract(repo, "main")
    assert report.outcome is Outcome.PASS
    assert (report.checks[0].observed, report.checks[0].reason) == ("stricter: min value 2 became 3", "")


def test_a_first_suite_has_nothing_to_be_compared_with(repo):
    git(repo, "rm", "-q", "--cached", "suite.json")
    git(repo, "commit", "-q", "-m", "Two")
    assert "no suite in main" in contract(repo, "main").summary


def test_a_suite_that_is_moved_is_still_compared(repo):
    (repo.root / "pavedroad.toml").write_text(CONFIG.replace("suite.json", "new.json"))
    write(repo.root / "new.json", LOW)
    (repo.root / "suite.json").unlink()
    assert "Min value 2 became 0" in contract(find_project(repo.root), "main").checks[0].reason


def test_a_base_whose_suite_is_not_valid_is_a_warning_and_no_crash(repo):
    (repo.root / "suite.json").write_text("{}")
    git(repo, "commit", "-q", "-am", "Two")
    write(repo.root / "suite.json", LOW)
    report = contract(repo, "main")
    assert report.outcome is Outcome.WARN
    assert "not valid, so nothing can be compared" in report.checks[0].reason


# --- the schema -----------------------------------------------------------------------------------------------------


def reasons(report):
    return [
        (check.title.partition(",")[0], check.observed, check.reason)
        for check in report.checks
        if check.id.startswith("contract.schema.")
    ]


def test_the_table_that_git_holds_is_compared(repo):
    (repo.root / "t.csv").write_text("a,b,c\n1,x,2\n2,y,3\n")
    git(repo, "add", "t.csv")
    git(repo, "commit", "-q", "-m", "Two")
    assert contract(repo, "main").outcome is Outcome.PASS
    (repo.root / "t.csv").write_text("a,b,d\n1.5,x,2\n2,,3\n")
    report = contract(repo, "main")
    assert report.outcome is Outcome.WARN
    assert reasons(report) == [
        ("The column `c`", "looser", "It held whole numbers and is no longer in the table."),
        ("The column `a`", "looser", "It held whole numbers and holds numbers now."),
        ("The column `b`", "looser", "Values are missing now, and none was before."),
        ("The column `d`", "stricter: it is new in the table and holds whole numbers", ""),
    ]
    assert report.summary.startswith("3 of 4 changes make the contract")


def test_the_schema_on_record_is_compared_where_git_does_not_hold_the_table(repo):
    record = repo.root / "reports" / "schema.json"
    (repo.root / "t.csv").write_text("a,b\n1,x\n")
    write_schema(record, describe_table(find_source(repo.root / "t.csv"), "t.csv"))
    git(repo, "add", "-f", "reports/schema.json")
    git(repo, "commit", "-q", "-m", "Two")
    (repo.root / "t.csv").write_text("a\n1\n")
    lost = [("The column `b`", "looser", "It held text and is no longer in the table.")]
    assert reasons(contract(repo, "main")) == lost
    assert reasons(contract(repo, "main", recorded=True)) == []
    write_schema(record, describe_table(find_source(repo.root / "t.csv"), "t.csv"))
    assert reasons(contract(repo, "main", recorded=True)) == lost
    (repo.root / "t.csv").unlink()
    assert reasons(contract(repo, "main")) == lost


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "pavedroad.schema/1", "table": "t", "columns": [1]}'])
def test_a_record_that_is_none_is_a_warning(repo, content):
    (repo.root / "reports").mkdir()
    (repo.root / "reports" / "schema.json").write_text(content)
    git(repo, "add", "-f", "reports/schema.json")
    git(repo, "commit", "-q", "-m", "Two")
    report = contract(repo, "main")
    assert report.outcome is Outcome.WARN
    assert "cannot be compared" in report.summary


def test_no_table_and_no_record_is_said(repo):
    report = contract(repo, "main")
    (check,) = (check for check in report.checks if check.id == "contract.schema")
    assert check.observed == "no schema on record in main"


# --- the base -------------------------------------------------------------------------------------------------------


def sha(repo, revision="HEAD"):
    done = subprocess.run(["git", "rev-parse", revision], cwd=repo.root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_branch_is_compared_with_where_it_left_the_default_branch(repo):
    start = sha(repo)
    assert find_base(repo) == ""  # the default branch itself
    git(repo, "switch", "-q", "-c", "change")
    assert find_base(repo) == start
    git(repo, "commit", "-q", "--allow-empty", "-m", "Two")
    git(repo, "switch", "-q", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Three")
    assert find_base(repo) == ""
    git(repo, "switch", "-q", "change")
    assert find_base(repo) == start
    assert find_base(repo, "main") == "main"


def test_what_the_remote_calls_its_default_branch_counts(repo, tmp_path):
    git(repo, "branch", "-m", "main", "trunk")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repo.root, clone], check=True)
    cloned = find_project(clone)
    assert find_base(cloned) == ""
    git(cloned, "commit", "-q", "--allow-empty", "-m", "Two")
    assert find_base(cloned) == sha(repo)  # what is not pushed yet
    assert find_base(repo) == ""  # nobody says what its default branch is


@pytest.fixture
def merged(repo, tmp_path, request):
    """A pull request as GitHub's own action checks it out, so many commits deep, and the base it is merged into."""
    git(repo, "switch", "-q", "-c", "change")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Two")
    git(repo, "switch", "-q", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Three")
    base = sha(repo)
    git(repo, "switch", "-q", "--detach")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge", "change")
    git(repo, "update-ref", "refs/pull/7/merge", "HEAD")
    checkout, merge = tmp_path / "checkout", "+refs/pull/7/merge:refs/remotes/pull/7/merge"
    subprocess.run(["git", "init", "-q", checkout], check=True)
    for words in (
        ["fetch", "-q", f"--depth={request.param}", f"file://{repo.root}", merge],
        ["checkout", "-q", "--force", "refs/remotes/pull/7/merge"],
    ):
        subprocess.run(["git", "-C", checkout, *words], check=True)
    return find_project(checkout), base


@pytest.mark.parametrize("merged", ["2"], indirect=True)
def test_the_merge_of_a_pull_request_is_compared_with_its_base(merged):
    project, base = merged
    assert find_base(project) == base


@pytest.mark.parametrize("merged", ["1"], indirect=True)
def test_the_merge_of_a_pull_request_without_its_base_is_not_judged_by_its_own_policy(merged):
    project, _ = merged
    with pytest.raises(UsageError, match="fetch-depth: 2"):
        find_base(project)
    # A base that somebody names is looked for by itself.
    assert find_base(project, "HEAD") == "HEAD"


@pytest.mark.parametrize("base", ["nowhere", "--output=x", "-h"])
def test_a_base_that_is_no_revision_is_refused(repo, base):
    with pytest.raises(UsageError, match="does not know"):
        contract(repo, base)
    with pytest.raises(UsageError, match="does not know"):
        find_base(repo, base)
    assert not (repo.root / "x").exists()
