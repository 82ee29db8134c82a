"""The example's journey: two commands from nothing to a verdict, and only what changed runs again."""

import re
from pathlib import Path

import jsonschema
import pytest
from journey import PIPELINE_STAGES, STAGES, Answer, Repo, make_environment, read_json, run, stages_run

from pavedroad.foundation.package.folder import verify_manifest
from pavedroad.report import Outcome, json_schema

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.journey, pytest.mark.slow]


def test_the_first_check_says_yes(first_check: tuple[Repo, Answer]) -> None:
    repo, answer = first_check
    assert answer.code == 0, answer
    assert repo.outcomes() == dict.fromkeys((*STAGES, "gate"), Outcome.PASS)
    assert f"Report: {repo.root / 'reports' / 'report.html'}" in answer.said
    assert not repo.find_scraps()


def test_the_readme_shows_what_the_road_really_says(first_check: tuple[Repo, Answer]) -> None:
    repo, _ = first_check
    shown = (ROOT / "README.md").read_text().partition("## What a verdict looks like")[2].partition("## ")[0]
    told = " ".join(re.sub(r"\d+(\.\d+)? m?s$", "", shown, flags=re.M).split())
    for stage in (*STAGES, "gate"):
        assert repo.report(stage).summary in told, f"README.md shows another {stage}; take it from a run of the demo."


def test_every_report_fits_the_published_schema(first_check: tuple[Repo, Answer]) -> None:
    repo, _ = first_check
    validator = jsonschema.Draft202012Validator(json_schema())
    for stage in (*STAGES, "gate"):
        document = read_json(repo.root / "reports" / f"{stage}.json")
        validator.validate(document)
        document["outcome"] = "maybe"
        assert not validator.is_valid(document), "a schema that fits anything would prove nothing"


def test_the_model_beats_the_seasonal_naive_with_its_whole_interval(first_check: tuple[Repo, Answer]) -> None:
    repo, _ = first_check
    checks = {check.id: check for check in repo.report("evaluate").checks}
    improvement = checks["metric.improvement"]
    assert improvement.evidence["metric"] == "mean_absolute_error"
    assert improvement.evidence["baseline"] == "seasonal-naive"
    assert 0 < improvement.observed["low"] <= improvement.observed["value"] <= improvement.observed["high"]
    model, naive, constant = (checks[f"metric.{of}"].observed["value"] for of in ("model", "seasonal-naive", "median"))
    assert improvement.observed["value"] == pytest.approx(naive - model)
    skill = checks["metric.skill"]
    assert skill.observed["low"] > 0, "the naive is a weak rival here, so the best constant is one too"
    assert skill.observed["value"] == pytest.approx(constant - model)


@pytest.mark.parametrize("page", ["report.html", "report.md"])
def test_the_pages_name_model_and_baseline_with_their_numbers(first_check: tuple[Repo, Answer], page: str) -> None:
    repo, _ = first_check
    text = repo.read(f"reports/{page}")
    numbers = repo.report("evaluate").checks
    for id_ in ("metric.model", "metric.seasonal-naive"):
        value = next(check.observed["value"] for check in numbers if check.id == id_)
        assert f"{value:.4g}" in text
    for words in ("mean absolute error", "the value one season ago", "umbrella-sales"):
        assert words in text
    for stage in STAGES:
        assert stage in text


def test_the_package_holds_exactly_what_its_manifest_says(first_check: tuple[Repo, Answer], checked: Repo) -> None:
    repo, _ = first_check
    assert "model.skops" in verify_manifest(repo.root / "package").files
    lineage = repo.report("package").figures[0]
    assert lineage.kind == "flow"
    assert "data/umbrella_sales.csv" in lineage.data["step"]


def test_a_second_check_runs_nothing_and_changes_nothing(checked: Repo) -> None:
    assert checked.check().code == 0  # the reports were committed since, and the page names the new commit
    before, stamps = checked.digests(), checked.stamps()
    answer = checked.check()
    assert answer.code == 0, answer
    assert stages_run(checked, stamps, answer) == set()
    after = checked.digests()
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    decided = {"reports/run/gate.json", "reports/run/verdict.json"}
    assert changed <= decided, "the gate decides every time; nothing else may change"
    assert checked.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("path", "key", "value", "expected"),
    [
        ("params.yaml", "trees", "190", {"train", "evaluate", "drift", "package", "latency"}),
        ("pavedroad.toml", "false_alarm_rate", "0.04", {"drift"}),
        ("pavedroad.toml", "suite", '"expectations/./suite.json"', {"validate", "package"}),
        ("pavedroad.toml", "max_latency_ms", "60001.0", set()),
    ],
    ids=["a train parameter", "a drift setting", "a validation setting", "the latency budget"],
)
def test_touching_one_thing_reruns_only_what_depends_on_it(
    checked: Repo, path: str, key: str, value: str, expected: set[str]
) -> None:
    stamps, locked = checked.stamps(), checked.read("dvc.lock")
    checked.set(path, key, value)
    answer = checked.check()
    assert answer.code == 0, answer
    assert stages_run(checked, stamps, answer) == expected
    assert (checked.read("dvc.lock") == locked) == (not expected & set(PIPELINE_STAGES))


def test_the_latency_budget_is_judged_anew_without_running_anything(checked: Repo) -> None:
    stamps = checked.stamps()
    checked.set("pavedroad.toml", "max_latency_ms", "0.001")
    answer = checked.check()
    assert answer.code == 1, answer
    assert stages_run(checked, stamps, answer) == set()
    assert "One prediction takes longer than the budget of 0.001 ms." in answer.said
    assert [check.id for check in checked.report("gate").checks if check.outcome is Outcome.FAIL] == ["gate.latency"]


def test_a_fresh_clone_elsewhere_makes_the_same_bytes(first_check: tuple[Repo, Answer], tmp_path: Path) -> None:
    original, _ = first_check
    home = make_environment(tmp_path / "another home")
    answer = run(["git", "clone", "--quiet", str(original.root), "a clone"], tmp_path, home)
    assert answer.code == 0, answer
    clone = Repo(tmp_path / "a clone", home)
    assert not (clone.root / ".dvc" / "cache").exists()
    assert not clone.stamps()
    answer = clone.check()
    assert answer.code == 0, answer
    assert stages_run(clone, {}, answer) == set(STAGES)
    assert clone.read("dvc.lock") == original.read("dvc.lock")
    assert clone.digests("reports/*.json") == original.digests("reports/*.json")
    assert clone.git("status", "--porcelain") == "", "what is committed was made again, byte for byte"
