"""The history of drift: what git has on record of one small file, as a line beside each column."""

import subprocess

import pytest
from drift_repo import make_table

from pavedroad.render.histories import draw_sparkline, tell_history
from pavedroad.render.html import to_html
from pavedroad.report import Run, read_report
from pavedroad.stages.drift import drift
from pavedroad.stages.drift_history import MOST_COLUMNS, SIZES, read_history, write_sizes
from pavedroad.stages.runner import run_stage


def git(root, *words):
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def record(root, message):
    git(root, "add", "-f", f"reports/{SIZES}")
    git(root, "commit", "-q", "-m", message)


def test_what_is_on_record_stands_beside_each_column_and_not_in_the_report(project):
    for shift in (0, 2, 4):
        now = make_table(seed=1).assign(temp=lambda t, by=shift: t["temp"] + by)
        made = project(make_table(), now, data='keys = ["day"]')
        if not (made.root / ".git").exists():
            git(made.root, "init", "-q")
        report = run_stage(made, "drift", drift)
        if shift < 4:
            record(made.root, f"shift {shift}")
    temp = report.run.history["temp"]
    assert len(temp) == 3
    assert temp == sorted(temp)
    assert temp[-1] == pytest.approx(next(c for c in report.checks if c.id == "drift.temp").observed, abs=1e-4)
    again = read_report(made.report("drift"))
    assert again.run.history == report.run.history
    assert b"history" not in made.report("drift").read_bytes()
    page = to_html([again])
    assert f"{draw_sparkline(temp)} size in the last 3 states on record" in page


def test_a_run_that_finds_what_is_on_record_does_not_count_it_twice(project):
    made = project(make_table())
    git(made.root, "init", "-q")
    for size in (0.25, 0.5):
        write_sizes(made, {"temp": size})
        record(made.root, f"{size}")
    assert read_history(made, {"temp": 0.5}) == {"temp": [0.25, 0.5]}
    assert read_history(made, {"temp": 0.75}) == {"temp": [0.25, 0.5, 0.75]}


def test_without_a_past_there_is_no_line(project):
    made = project(make_table(), make_table(seed=1), data='keys = ["day"]')
    assert run_stage(made, "drift", drift).run.history == {}
    assert (made.reports / SIZES).is_file()


def test_a_stage_that_compared_nothing_leaves_an_empty_record(project):
    made = project(make_table(100))
    run_stage(made, "drift", drift)
    assert (made.reports / SIZES).read_text() == "{}\n"


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"{", b'{"temp": "much"}', b'{"temp": true}', b'{"temp": NaN}', b"\xff"]
)
def test_a_record_that_is_none_is_passed_over(content, project):
    made = project(make_table())
    git(made.root, "init", "-q")
    made.reports.mkdir()
    (made.reports / SIZES).write_bytes(content)
    record(made.root, "by hand")
    write_sizes(made, {"temp": 0.25})
    record(made.root, "well")
    assert read_history(made, {"temp": 0.5, "other": 1.0}) == {"temp": [0.25, 0.5]}


def test_the_record_is_bounded_and_keeps_the_largest(project):
    made = project(make_table())
    write_sizes(made, {f"x{number:03}": number / 3 for number in range(100)})
    text = (made.reports / SIZES).read_text()
    assert text.count(":") == MOST_COLUMNS
    assert '"x099": 33.0' in text
    assert '"x039"' not in text


@pytest.mark.parametrize(
    ("values", "line"), [([], ""), ([0, 0], "▁▁"), ([0, 0.5, 1], "▁▅█"), ([1, -1], "██"), ([0.1, 0.7], "▂█")]
)
def test_bars_rise_from_zero_to_the_largest(values, line):
    assert draw_sparkline(values) == line


def test_a_run_that_knows_one_state_tells_nothing():
    assert tell_history(None, "x") == []
    assert tell_history(Run(started="", duration_s=0, history={"x": [1.0]}), "x") == []
