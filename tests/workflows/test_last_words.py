"""What a failed step says last is in the log, however busy the machine."""

import subprocess

import pytest
from workflow_drive import REPOSITORY

from pavedroad.testing import pull_request
from pavedroad.testing.shell import is_mark, write_shell

AS_ACT_CALLS = ["--noprofile", "--norc", "-e", "-o", "pipefail"]


@pytest.fixture
def shell(tmp_path):
    """Start our shell with arguments; where it writes, and where it looks for its line."""
    records = tmp_path / "the records.jsonl"
    write_shell(tmp_path / "shell", records)

    def start(*arguments):
        command = [tmp_path / "shell/bash", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)

    return start, records


def test_a_failed_step_ends_when_its_last_line_was_written_down(shell, tmp_path):
    start, records = shell
    records.write_text("")
    step = tmp_path / "step.sh"
    step.write_text("printf 'no newline'; exit 7\n")
    with start(*AS_ACT_CALLS, step) as process:
        assert process.stdout.readline() == "no newline\n"
        mark = process.stdout.readline().rstrip("\n")
        assert is_mark({"msg": mark})
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        records.write_text(f'{{"msg":"{mark[:-1]}"}}\n')
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        records.write_text(f'{{"msg":"{mark}"}}\n')
        assert process.wait(timeout=20) == 7


@pytest.mark.parametrize(
    ("arguments", "text", "rc"),
    [([*AS_ACT_CALLS, "-c"], "echo fine", 0), (["-c"], "echo fine; exit 3", 3)],
    ids=["a step that succeeds", "a program's own call that fails"],
)
def test_nothing_is_added_to_any_other_call(shell, arguments, text, rc):
    start, _ = shell
    with start(*arguments, text) as process:
        assert process.stdout.read() == "fine\n"
        assert process.wait(timeout=20) == rc


def test_the_last_words_of_many_failed_steps_are_all_in_the_log(shallow):
    step = [
        "      - shell: bash",
        "        continue-on-error: true",
        "        run: |",
        "          echo first",
        "          printf '::error::last words'",
        "          exit 3",
    ]
    lines = ["on: pull_request", "jobs:", "  many:", "    runs-on: ubuntu-latest", "    steps:", *step * 60]
    shallow.edit(".github/workflows/many.yml", "\n".join(lines) + "\n")
    run = shallow.run("many.yml", pull_request(REPOSITORY))
    assert run.jobs == {"many": "success"}
    assert run.log.count("first") == 60
    assert [remark.message for remark in run.remarks] == ["last words"] * 60
    assert "pavedroad: this was all" not in run.log
