"""How our command line speaks to the runner: through a fence, by unguessable words, and in one line a remark."""

import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad.engines.github.actions import MOST_ANNOTATIONS, Runner, escape_message, escape_property
from pavedroad.errors import EvidenceError, UsageError
from pavedroad.foundation.forge.host import Annotation, Change
from pavedroad.report import Place


class Stream:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.fixture
def runner(tmp_path):
    environment = {
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "acme/shop",
    }
    stream = Stream()
    made = Runner(environment, {}, stream)
    made.stream, made.folder = stream, tmp_path
    return made


def test_the_runner_is_deaf_from_the_first_line_and_hears_again_at_the_end(runner):
    first = re.fullmatch(r"::stop-commands::([0-9a-f]{64})\n", runner.stream.text)
    runner.leave()
    assert runner.stream.text.endswith(f"::{first[1]}::\n")


def test_a_remark_opens_the_fence_for_itself_alone_and_with_a_new_word(runner):
    runner.annotate([Annotation("error", "title", "message", Place("a.py", 3))], runner.folder)
    lines = runner.stream.text.splitlines()
    assert lines[1] == f"::{lines[0].rpartition('::')[2]}::"
    assert lines[2] == "::error file=a.py,title=title,line=3::message"
    assert lines[3].startswith("::stop-commands::")
    assert lines[3] != lines[0]


@given(st.text(), st.text())
def test_no_text_leaves_its_remark(title, message):
    spelled = f"::error title={escape_property(title)}::{escape_message(message)}"
    assert len(re.split(r"[\r\n]", spelled)) == 1
    assert spelled.removeprefix("::error title=").partition("::")[0].count(",") == 0
    assert escape_message(message).replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == message


@given(st.text(alphabet=st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_an_output_comes_back_as_it_was_and_alone(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("out") / "output"
    Runner({"GITHUB_OUTPUT": str(path)}, {}, Stream()).set_outputs({"outcome": value})
    text = path.read_bytes().decode()
    mark = text.partition("\n")[0].removeprefix("outcome<<")
    assert re.fullmatch(r"end-[0-9a-f]{64}", mark)
    assert text == f"outcome<<{mark}\n{value}\n{mark}\n"
    assert mark not in value


def test_a_place_outside_the_workspace_is_not_shown(runner):
    runner.annotate([Annotation("error", "t", "m", Place("/etc/passwd", 1))], runner.folder)
    runner.annotate([Annotation("error", "t", "m", Place("../x", 1))], runner.folder)
    assert "file=" not in runner.stream.text


def test_a_repo_in_a_folder_of_the_checkout_is_shown_with_it(runner):
    runner.annotate([Annotation("warning", "t", "m", Place("a.toml"))], runner.folder / "models" / "one")
    assert "file=models/one/a.toml" in runner.stream.text


def test_only_as_many_remarks_as_github_shows_are_printed(runner):
    runner.annotate([Annotation("error", "t", str(number)) for number in range(50)], runner.folder)
    assert runner.stream.text.count("::error ") == MOST_ANNOTATIONS


@pytest.mark.parametrize(
    ("head", "own"), [("acme/shop", True), ("mallory/shop", False), (None, False), (["acme/shop"], False)]
)
def test_a_pull_request_is_our_own_only_when_its_branch_lies_here(runner, head, own):
    event = {"pull_request": {"number": 7, "head": {"repo": {"full_name": head}}}}
    (runner.folder / "event.json").write_text(json.dumps(event))
    assert runner.find_change() == Change(7, own)


@pytest.mark.parametrize("number", ["7", 0, -1, True, None, 7.5, "7; touch x"])
def test_a_pull_request_without_a_number_is_refused(runner, number):
    (runner.folder / "event.json").write_text(json.dumps({"pull_request": {"number": number}}))
    with pytest.raises(EvidenceError, match="no number"):
        runner.find_change()


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "{}", ""])
def test_an_event_without_a_pull_request_is_no_change(runner, text):
    if text:
        (runner.folder / "event.json").write_text(text)
    assert runner.find_change() is None


def test_an_event_that_is_no_json_is_refused(runner):
    (runner.folder / "event.json").write_text("{")
    with pytest.raises(EvidenceError, match="cannot be read"):
        runner.find_change()


def test_without_a_token_there_is_no_forge(runner):
    with pytest.raises(UsageError, match="no token"):
        runner.open_forge()


def run(program, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PAVEDROAD_"))}
    return subprocess.run(
        [sys.executable, "-c", program], env={**clean, **environment}, capture_output=True, text=True, check=True
    ).stdout


SHOW = (
    "import os, subprocess, sys; from pavedroad.foundation.forge.host import enter_host; "
    "host = enter_host(aside={aside});"
    "print(host is not None, sorted(n for n in os.environ if 'TOKEN' in n or n in {{'GITHUB_OUTPUT', 'GITHUB_ENV'}}),"
    "flush=True); print('loud', file=sys.stderr, flush=True); host and host.leave(); print('GITHUB_ENV' in os.environ)"
)


def test_on_a_laptop_nothing_is_said_to_anybody():
    assert run(SHOW.format(aside=False), GITHUB_ENV="x") == "False ['GITHUB_ENV']\nTrue\n"


def test_on_a_runner_what_gives_power_over_the_job_is_out_of_reach_until_the_end():
    out = run(
        SHOW.format(aside=False),
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT="x",
        GITHUB_ENV="x",
        **dict.fromkeys(("GITHUB_TOKEN", "PAVEDROAD_TOKEN", "ACTIONS_RUNTIME_TOKEN"), "x"),
    )
    fence, shown, loud, end, after = out.splitlines()
    assert shown == "True []"
    assert loud == "loud", "One pipe for both streams, so that nothing is read before the fence."
    assert fence.rpartition("::")[2] == end.strip(":")
    assert after == "True"


def test_beside_a_document_the_runner_is_spoken_to_on_the_other_stream():
    out = run(SHOW.format(aside=True), GITHUB_ACTIONS="true")
    assert out.splitlines()[0] == "True []"
    assert "::" not in out


def test_inside_another_command_of_ours_nobody_speaks():
    assert run(SHOW.format(aside=False), GITHUB_ACTIONS="true", PAVEDROAD_INSIDE="1").startswith("False")
