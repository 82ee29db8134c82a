"""The questions: each is asked in words, and every answer that is offered gives a repository."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException

from pavedroad.config import load_config
from pavedroad_template import answers as rules

ROOT = Path(__file__).resolve().parents[2]

QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text())
ASKED = {name: value for name, value in QUESTIONS.items() if not name.startswith("_")}
CHOICES = [(name, option) for name, options in ASKED.items() if isinstance(options, list) for option in options]


def test_every_question_is_checked_and_asked_in_words():
    assert list(ASKED) == rules.QUESTIONS
    assert set(QUESTIONS["__prompts__"]) == set(ASKED)


@pytest.mark.parametrize(("name", "option"), CHOICES)
def test_every_option_is_explained(name, option):
    assert QUESTIONS["__prompts__"][name][option].startswith(option)


@pytest.mark.parametrize(("name", "option"), CHOICES)
def test_every_option_gives_a_repository(name, option, bake, tables):
    answers = {name: option}
    if name == "problem":
        answers |= {"data": str(tables[option]), "target": "target"}
    repo = bake(**answers)
    config = load_config(repo / "pavedroad.toml")
    assert config.objective.problem == option
    assert config.objective.metric == rules.METRICS[option][0]


@pytest.mark.parametrize("schedule", [*rules.SCHEDULES, "*/15 6-18 * JAN-jun mon,FRI"])
def test_every_schedule_gives_its_caller(schedule, bake):
    caller = bake(retrain=schedule) / ".github" / "workflows" / "retrain.yml"
    cron = rules.SCHEDULES.get(schedule, schedule)
    assert caller.exists() == (schedule != "never")
    if cron:
        workflow = yaml.load(caller.read_text(), yaml.BaseLoader)  # noqa: S506 - text only, and `on` stays `on`
        assert workflow["on"]["schedule"] == [{"cron": cron}]


@pytest.mark.parametrize(("problem", "metric"), [(p, metric) for p, all_ in rules.METRICS.items() for metric in all_])
def test_every_metric_fits_its_problem_and_no_other(problem, metric, good, tables):
    own = {**good, "problem": problem, "target": "target", "data": str(tables[problem])}
    assert rules.find_problems({**own, "metric": metric}) == []
    for other in set(rules.METRICS) - {problem}:
        found = rules.find_problems({**own, "problem": other, "metric": metric})
        assert bool(found) == (metric not in rules.METRICS[other])


@pytest.mark.parametrize("version", rules.PYTHONS)
def test_every_python_is_pinned(version, bake):
    assert f'requires-python = "=={version}.*"' in (bake(python_version=version) / "pyproject.toml").read_text()


def test_a_person_is_asked_and_can_accept_everything(tmp_path, outside, home):
    """The real program, with answers typed on its standard input."""
    given = {"project": "my-shop", "statement": 'Sell "more" umbrellas'}
    typed = "".join(f"{given.get(question, '')}\n" for question in rules.QUESTIONS)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "cookiecutter",
            str(ROOT),
            "-o",
            str(tmp_path),
            "--config-file",
            home / "cookiecutter.yaml",
        ],
        input=typed,
        capture_output=True,
        text=True,
        env=outside,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("What is the project called?") < done.stdout.index("Which Python?")
    assert load_config(tmp_path / "my-shop" / "pavedroad.toml").objective.statement == 'Sell "more" umbrellas'
    steps = done.stdout[done.stdout.index("my-shop is ready") :]
    assert all(f"  {number}. " in steps for number in (1, 2, 3))


def test_with_a_table_of_ones_own_the_defaults_speak_of_it_and_not_of_umbrellas(bake, tmp_path):
    table = tmp_path / "cups.csv"
    table.write_text("size,price\n" + "".join(f"{size},{3 * size}\n" for size in range(1, 60)))
    objective = load_config(bake(data=str(table), target="price") / "pavedroad.toml").objective
    assert objective.statement == "Predict price of a new row."


def test_a_table_of_ones_own_needs_its_target_named(bake, tmp_path):
    table = tmp_path / "cups.csv"
    table.write_text("size,price\n1,3\n2,6\n")
    with pytest.raises(FailedHookException, match="target is empty; name the column that the model predicts"):
        bake(data=str(table))


@pytest.mark.parametrize("schedule", ["0 0 * * *", "*/5 * * * *", "0 9-17/2 1,15 * 1-5", "0 0 1 jan SUN"])
def test_cron_schedules_are_accepted(schedule):
    assert rules.check_schedule(schedule) == ""


NO_SCHEDULES = """
hourly | @daily | * * * * | * * * * * * | 60 0 * * * | 0 24 * * * | 0 0 0 * * | 0 0 * 13 * | 0 0 * * 7 | 0 0 5-1 * *
*/0 * * * * | a * * * * | 0  0 * * * | 0 0 * * mon- | -1 * * * * | 1,,2 * * * * | ٣ * * * * | */٣ * * * *
0 0 * feb-jan * | ; touch x
"""


@pytest.mark.parametrize("schedule", ["", *re.split(r" \| |\n", NO_SCHEDULES.strip())])
def test_other_schedules_are_refused(schedule):
    assert schedule[:40] in rules.check_schedule(schedule) != ""
