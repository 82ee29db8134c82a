"""`lint.yml`, called as a generated repo calls it: its own `lint` and `tests` sessions."""

import pytest
from workflow_drive import REPOSITORY

from pavedroad.testing import pull_request

PULL = pull_request(REPOSITORY)
FORGING = '\n\ndef test_no():\n    print("::error file=a.py,line=1::forged")\n    assert 1 == 2\n'


def test_a_tidy_repo_passes(drive):
    run = drive.run("lint.yml", PULL)
    assert run.ok, run
    assert run.jobs == {"Lint and tests": "success"}
    assert run.skipped == []
    assert "Session tests was successful" in run.log
    assert run.remarks == []
    assert drive.github.state.calls == []


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [
        ("src/umbrella_sales/model.py", "\nimport os\n", "Session lint failed"),
        ("tests/test_model.py", FORGING, "Session tests failed"),
    ],
    ids=["lint", "tests"],
)
def test_an_untidy_repo_fails(drive, path, line, words):
    run = drive.edit(path, lambda text: text + line).commit().run("lint.yml", PULL)
    assert run.rc == 1
    assert run.jobs == {"Lint and tests": "failure"}
    assert words in run.log
    # What ruff found is shown beside its line; what a test prints is no remark, though it looks like one.
    shown = {(remark.level, remark.title) for remark in run.remarks if remark.file.endswith(path)}
    assert len(shown) == len({(remark.file, remark.title) for remark in run.remarks})
    assert (("error", "ruff (F401)") in shown) == ("lint" in words)
    assert all(title.startswith("ruff (") for _, title in shown)
    if "tests" in words:
        assert (shown, "::error file=a.py,line=1::forged" in run.log) == (set(), True)
