"""Callers and callees fit: every caller the template can generate, every workflow and action here, and those in the
field. Each kind of breach has a world in which it is found.
"""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from pavedroad.cli.main import pavedroad
from pavedroad.testing.contract import find_breaches, find_excess, find_wrong_commands, read_callee, read_yaml

ROOT = Path(__file__).resolve().parents[2]
CALLERS = Path(__file__).parent / "callers"
"""The callers that each released line of the road generates, as they are in the field."""
NAME = "org/pavedroad"
SHA = "0" * 40
ACTIONS = sorted(ROOT.glob("actions/*/action.yml"))
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
TEMPLATE = ROOT / "<<cookiecutter.project>>" / ".github" / "workflows"


def render(caller):
    """A caller of the template as it is generated; what a question decides does not touch the contract."""
    text = caller.read_text()
    for key, value in {"road": NAME, "sha": SHA, "tag": "v0", "cron": "23 5 * * 1"}.items():
        text = re.sub(
            rf'<< cookiecutter\|derive\("{key}"\)(\|quoted)? >>', f'"{value}"' if key == "cron" else value, text
        )
    assert "<<" not in text
    return text


@pytest.fixture(params=sorted(TEMPLATE.glob("*.yml")), ids=lambda path: path.name)
def caller(request, tmp_path):
    path = tmp_path / request.param.name
    path.write_text(render(request.param))
    return path


def test_every_caller_of_the_template_fits_its_callee(caller):
    assert "uses: org/pavedroad/.github/workflows/" in caller.read_text()
    assert find_breaches(caller, ROOT, NAME) == []


def test_every_caller_of_the_template_grants_exactly_what_is_needed(caller):
    assert find_excess(caller, ROOT, NAME) == []


def test_every_caller_of_the_template_is_short(caller):
    assert len(caller.read_text().splitlines()) <= 15


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_workflows_and_actions_fit_their_siblings(file):
    assert find_breaches(file, ROOT, NAME) == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_actions_call_commands_and_options_that_exist(action):
    assert find_wrong_commands(action, pavedroad) == []


@pytest.mark.parametrize(
    "action",
    [path for path in ACTIONS if path.parent.name not in {"setup", "lint", "compiled"}],
    ids=lambda path: path.parent.name,
)
def test_an_action_is_one_set_up_and_one_command(action):
    first, second = read_yaml(action)["runs"]["steps"]
    assert first["uses"] == "$/actions/setup"
    assert second["shell"] == "bash"
    assert second["run"].startswith("pavedroad ")
    assert "\n" not in second["run"].strip()


def line_of(version):
    """The part of a version that callers rely on: the major one, and below 1 the minor one too."""
    major, minor, *_ = version.split(".")
    return major if major != "0" else f"0.{minor}"


def find_broken_in_the_field(callers, road, version):
    """What a change breaks for the callers of the same line that are in the field."""
    return [
        breach
        for path in sorted((callers / line_of(version)).glob("*.yml"))
        for breach in find_breaches(path, road, NAME)
    ]


def test_no_caller_in_the_field_is_broken():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert sorted((CALLERS / line_of(version)).glob("*.yml")), "The callers of this line are kept when it is released."
    assert find_broken_in_the_field(CALLERS, ROOT, version) == []


@pytest.fixture
def copy(tmp_path):
    """A road that a test may break."""
    for part in ("actions", ".github"):
        shutil.copytree(ROOT / part, tmp_path / "road" / part)
    return tmp_path / "road"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_change_that_breaks_callers_in_the_field_is_found_unless_the_line_moves(copy):
    callee = copy / ".github/workflows/check.yml"
    edit(callee, "      artifact:\n", "      must:\n        type: string\n        required: true\n      artifact:\n")
    assert find_broken_in_the_field(CALLERS, copy, "0.1.0") == [
        "check.yml: job 'check' does not give the input 'must', which is required"
    ]
    assert find_broken_in_the_field(CALLERS, copy, "0.2.0") == []


def test_a_callee_that_asks_for_more_than_callers_grant_is_found(copy):
    edit(copy / ".github/workflows/check.yml", "      contents: read #", "      contents: write #")
    assert find_broken_in_the_field(CALLERS, copy, "0.1.0") == [
        "check.yml: job 'check' grants contents: read, but its callee needs write"
    ]


def test_a_callee_that_needs_less_leaves_an_excess(copy, tmp_path):
    edit(copy / ".github/workflows/check.yml", "      pull-requests: write #", "      pull-requests: read #")
    assert find_excess(CALLERS / "0.1" / "check.yml", copy, NAME) == [
        "check.yml: job 'check' grants pull-requests: write, which nothing needs"
    ]


CALL = f"""
on: pull_request
jobs:
  road:
    permissions: {{contents: read, pull-requests: write}}
    uses: {NAME}/.github/workflows/check.yml@{SHA}
    with: {{working-directory: model}}
  after:
    needs: road
    runs-on: ubuntu-latest
    steps:
      - id: own
        uses: {NAME}/actions/check@{SHA}
      - run: echo
        env: {{A: "${{{{ needs.road.outputs.outcome }}}}", B: "${{{{ steps.own.outputs.page }}}}"}}
"""

BREACHES = {
    "an unknown input": ("working-directory: model", "folder: model", "gives the input 'folder'"),
    "a wrong type": ("working-directory: model", "working-directory: true", "which is no string"),
    "a number for text": ("working-directory: model", "working-directory: 7", "which is no string"),
    "an unknown secret": (
        "with: {working-directory: model}",
        "secrets: {TOKEN: x}",
        "gives the secret 'TOKEN', which does not exist",
    ),
    "a missing permission": (", pull-requests: write", "", "needs write"),
    "a workflow that is gone": ("/check.yml@", "/chek.yml@", "which does not exist"),
    "an action that is gone": ("/actions/check@", "/actions/chek@", "which does not exist"),
    "an output that is gone": ("road.outputs.outcome", "road.outputs.verdict", "has no output 'verdict'"),
    "a step's output that is gone": ("own.outputs.page", "own.outputs.site", "has no output 'site'"),
    "a moving tag": (f"actions/check@{SHA}", "actions/check@v1", "does not pin"),
}


def test_a_call_that_fits_has_no_breach(tmp_path):
    (tmp_path / "call.yml").write_text(CALL)
    assert find_breaches(tmp_path / "call.yml", ROOT, NAME) == []


@pytest.mark.parametrize("kind", BREACHES)
def test_a_breach_is_found(kind, tmp_path):
    old, new, words = BREACHES[kind]
    (tmp_path / "call.yml").write_text(CALL)
    edit(tmp_path / "call.yml", old, new)
    breaches = find_breaches(tmp_path / "call.yml", ROOT, NAME)
    assert len(breaches) == 1
    assert words in breaches[0]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("pavedroad chek", "'chek' is not a command"),
        ('pavedroad comment --raports "$REPORTS"', "comment has no option --raports"),
        ("pavedroad propose", "propose needs --proposal"),
    ],
)
def test_a_wrong_command_is_found(run, words, tmp_path):
    path = tmp_path / "x" / "action.yml"
    path.parent.mkdir()
    path.write_text(f"runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: {run}\n")
    assert find_wrong_commands(path, pavedroad) == [f"x: {words}"]


def test_a_required_input_of_an_action_is_read():
    assert read_callee(ROOT / "actions/comment/action.yml").inputs["reports"].required
    assert not read_callee(ROOT / "actions/check/action.yml").inputs["working-directory"].required
