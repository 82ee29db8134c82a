"""Progress and the short table: for people at a terminal, and plain lines for logs."""

import io
import os
import pty
import subprocess
import sys

import pandas as pd
import pytest
from rich.console import Console
from settings_text import write_settings

from pavedroad.cli import progress
from pavedroad.cli.columns import MOST, print_columns
from pavedroad.report import Figure, Place, conclude, judge

CONFIG = write_settings(
    data='train = "t.csv"',
    validation='suite = "suite.json"',
)
SUITE = """{"expectations": [
  {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "max_value": 20}},
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "[red]shop"}}
]}"""


@pytest.fixture
def repo(tmp_path):
    (tmp_path / "pavedroad.toml").write_text(CONFIG)
    (tmp_path / "suite.json").write_text(SUITE)
    pd.DataFrame({"sold": range(40), "[red]shop": "a"}).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path


def test_a_log_gets_a_line_now_and_then_and_a_short_stage_none(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.show_progress("validate") as watch:
        for second in range(25):
            now[0] = float(second)
            watch(2, second * 4)
    assert capsys.readouterr().err.splitlines() == ["… validate  step 2, 40 %", "… validate  step 2, 80 %"]
    with progress.show_progress("validate") as watch:
        watch(1, 50)
    assert capsys.readouterr().err == ""


def on_terminal(words, cwd):
    """What a command shows on a terminal, and its exit code."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        words, cwd=cwd, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                some = os.read(master, 65536)
            except OSError:  # the terminal is gone when its last user is
                break
            if not some:
                break
            shown += some
    os.close(master)
    return shown.decode(), process.returncode


def test_a_terminal_gets_the_columns_as_a_table_and_a_log_does_not(repo):
    command = [sys.executable, "-m", "pavedroad", "validate"]
    shown, code = on_terminal(command, repo)
    assert code == 1
    assert "validate …" in shown
    assert "checks that hold" in shown
    assert "0 of 1" in shown
    assert "[red]shop" in shown
    assert "19 of 40 values unexpected (suite.json:2)" in shown
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    assert "checks that hold" not in done.stdout
    assert done.stderr == ""


def test_the_table_is_short_and_columns_that_failed_come_first():
    checks = [
        judge(
            f"c{number}",
            "x",
            ok=number != 30,
            columns=[f"c{number}"],
            observed=f"saw {number}",
            where=Place("s.json", number),
        )
        for number in range(40)
    ]
    figure = Figure(id="column.z", kind="distribution", title="z", data={"bin": [], "share": []})
    out = io.StringIO()
    print_columns(conclude("validate", checks, figures=[figure]), Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    assert len(lines) == MOST + 2
    assert lines[1].split() == ["✗", "c30", "0", "of", "1", "saw", "30", "(s.json:30)"]
    assert "saw 1" not in out.getvalue().replace("saw 1 ", "")
    assert lines[-1] == "25 more columns are in the report."


def test_a_stage_without_checks_of_columns_prints_no_table():
    out = io.StringIO()
    print_columns(conclude("train", [judge("a", "A", ok=True)]), Console(file=out))
    assert out.getvalue() == ""
