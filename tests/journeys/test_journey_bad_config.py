"""Settings that mean nothing: each is refused with its file, its line and the setting that was probably meant."""

import json
from dataclasses import dataclass

import pytest
from journey import Repo

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Case:
    """A line of a file and the wrong one that takes its place, and what has to be said about it."""

    file: str
    line: str
    wrong: str
    phrase: str


TOML, SUITE = "pavedroad.toml", "expectations/suite.json"
CASES = {
    "an unknown key": Case(TOML, "confidence =", "confidense = 0.95", "Did you mean 'confidence'?"),
    "an unknown section": Case(TOML, "[drift]", "[drifts]", "Did you mean 'drift'?"),
    "a wrong type": Case(
        TOML, "confidence =", 'confidence = "high"', "gate.confidence is not valid: expected a number"
    ),
    "a number out of range": Case(TOML, "confidence =", "confidence = 95", "gate.confidence is not valid"),
    "NaN": Case(TOML, "confidence =", "confidence = nan", "gate.confidence is nan"),
    "infinity": Case(TOML, "max_latency_ms =", "max_latency_ms = inf", "gate.max_latency_ms is inf"),
    "a key that stands twice": Case(TOML, "suite =", 'suite = "a.json"\nsuite = "b.json"', "only once"),
    "no TOML": Case(TOML, "[gate]", "[gate", "not valid TOML"),
    "a path out of the repo": Case(TOML, "suite =", 'suite = "../suite.json"', "stays inside the repo"),
    "an unknown problem": Case(TOML, "problem =", 'problem = "regresion"', "objective.problem is not valid"),
    "an unknown metric": Case(TOML, "metric =", 'metric = "mean_absolut_error"', "Did you mean 'mean_absolute_error'?"),
    "an unknown key of an expectation": Case(
        SUITE,
        '"type": "expect_table_columns_to_match_set"',
        '"type": "expect_table_columns_to_match_set", "kwarg": {},',
        "Did you mean 'kwargs'?",
    ),
}
WITHOUT_LINE = {"an unknown metric"}
"""Settings that are well formed and wrong only together with others."""


def break_line(repo: Repo, case: Case) -> int:
    """Put the wrong line in its place; the number of the line (of its last, when they are two)."""
    lines = repo.read(case.file).splitlines()
    found = [number for number, line in enumerate(lines) if line.strip().startswith(case.line)]
    assert len(found) == 1, found
    lines[found[0]] = case.wrong
    repo.write(case.file, "\n".join(lines) + "\n")
    return found[0] + len(case.wrong.splitlines())


@pytest.mark.parametrize("name", CASES)
def test_check_refuses_with_the_line_and_runs_nothing(name: str, fresh: Repo) -> None:
    case = CASES[name]
    line = break_line(fresh, case)
    answer = fresh.check()
    assert answer.code == 2, answer
    assert case.phrase in answer.said, answer
    if case.file == SUITE:
        line -= 1  # an expectation is named by the line on which it begins
    place = case.file if name in WITHOUT_LINE else f"{case.file}:{line}"
    assert place in answer.said, answer
    assert not (fresh.root / "model").exists()


@pytest.mark.parametrize("verb", ["validate", "train", "evaluate", "drift", "package", "latency", "gate", "report"])
def test_every_verb_refuses_the_same_settings_alike(verb: str, fresh: Repo) -> None:
    line = break_line(fresh, CASES["an unknown key"])
    answer = fresh.road(verb, "--json")
    assert answer.code == 2, answer
    error = json.loads(answer.out)["error"]
    assert (error["kind"], error["line"]) == ("ConfigError", line)
    assert error["where"] == str(fresh.root / TOML)
    assert "'confidence'" in error["next_step"]
    assert not (fresh.root / "reports").exists()


@pytest.mark.slow
def test_an_expectation_that_the_engine_does_not_know_is_never_a_pass(fresh: Repo) -> None:
    name = "expect_table_columns_to_match_set"
    fresh.replace(SUITE, f'"{name}"', f'"{name}s"')
    answer = fresh.road("validate")
    assert answer.code == 2, answer
    answer = fresh.check()
    assert answer.code in {2, 3}, answer
    assert f"Did you mean '{name}'?" in answer.said
    assert f"{SUITE}:" in answer.said
    assert not (fresh.root / "model").exists()


@pytest.mark.slow
def test_the_settings_of_these_cases_are_good_before_they_are_broken(fresh: Repo) -> None:
    answer = fresh.road("validate")
    assert answer.code == 0, answer


def test_a_setting_that_the_pipeline_names_and_the_file_lacks_is_said(fresh: Repo) -> None:
    text = fresh.read(TOML)
    fresh.write(TOML, "".join(line for line in text.splitlines(keepends=True) if not line.startswith("confidence")))
    answer = fresh.check()
    assert answer.code in {2, 3}, answer
    assert "gate.confidence" in answer.said
    assert TOML in answer.said
