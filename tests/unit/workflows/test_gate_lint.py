"""The gate's lint: every pattern finds its bad workflow, lets the mended one pass, and leaves good workflows alone."""

import json
import textwrap
from pathlib import Path

import pytest
from clean_workflows import CLEAN
from click.testing import CliRunner

from pavedroad.cli.lint import lint
from pavedroad.errors import ConfigError, UsageError
from pavedroad.foundation.workflows.gatelint import FIXES, lint_workflow
from pavedroad.foundation.workflows.workflow import read_workflow

ROOT = Path(__file__).resolve().parents[3]
SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"

ROAD = """\
name: road
on: [push]
jobs:
  check:
    runs-on: ubuntu-latest
    outputs:
      outcome: ${{ steps.check.outputs.outcome }}
    steps:
      - uses: actions/checkout@v7
      - id: check
        shell: bash
        run: pavedroad check
  promote:
    needs: check
    runs-on: ubuntu-latest
    if: needs.check.outputs.outcome == 'pass'
    steps:
      - run: pavedroad promote
"""

STEP = "        run: pavedroad check\n"


def script(*lines):
    return "        run: |\n" + "".join(f"          {line}\n" for line in lines)


CONDITION = "    if: needs.check.outputs.outcome == 'pass'\n"
GATE = "  check:\n    runs-on: ubuntu-latest\n"
INPUT = "on:\n  workflow_call:\n    inputs:\n      go:\n        type: {}\n"

# pattern, what is replaced, by what, and the text on the line where the finding stands
BAD = {
    "a job that goes on": ("job-continues", GATE, GATE + "    continue-on-error: true\n", "continue-on-error"),
    "a job whose caller says": (
        "job-continues",
        GATE,
        GATE + "    continue-on-error: ${{ inputs.soft }}\n",
        "continue-on-error",
    ),
    "a step that goes on": (
        "step-continues",
        STEP,
        STEP + "        continue-on-error: true\n",
        "continue-on-error",
    ),
    "always": ("promotes-always", CONDITION, "    if: always()\n", "if:"),
    "always in braces": ("promotes-always", CONDITION, "    if: ${{ always() }}\n", "if:"),
    "not cancelled": ("promotes-always", CONDITION, "    if: ${{ !cancelled() }}\n", "if:"),
    "on failure": ("promotes-always", CONDITION, "    if: success() || failure()\n", "if:"),
    "always in a step": (
        "promotes-always",
        "      - run: pavedroad promote\n",
        "      - if: always()\n        run: pavedroad promote\n",
        "if:",
    ),
    "always beside the wrong question": (
        "promotes-always",
        CONDITION,
        "    if: always() && needs.check.result == 'skipped'\n",
        "if:",
    ),
    "switched off": ("gate-switched-off", GATE, GATE + "    if: false\n", "if:"),
    "switched off in braces": ("gate-switched-off", GATE, GATE + "    if: ${{ false }}\n", "if:"),
    "switched off for now": ("gate-switched-off", STEP, "        if: github.ref != '' && false\n" + STEP, "if:"),
    "the author's message": (
        "author-can-skip",
        GATE,
        GATE + "    if: ${{ !contains(github.event.head_commit.message, '[skip gate]') }}\n",
        "if:",
    ),
    "the author's label": (
        "author-can-skip",
        STEP,
        "        if: \"!contains(github.event.pull_request.labels.*.name, 'quick')\"\n" + STEP,
        "if:",
    ),
    "the actor": ("author-can-skip", GATE, GATE + "    if: github.actor != 'a-bot'\n", "if:"),
    "half in braces": (
        "always-true",
        CONDITION,
        "    if: ${{ needs.check.outputs.outcome }} == 'pass'\n",
        "if:",
    ),
    "an output as truth": ("text-as-truth", CONDITION, "    if: needs.check.outputs.outcome\n", "if:"),
    "an output as truth in part": (
        "text-as-truth",
        CONDITION,
        "    if: github.ref == 'refs/heads/main' && needs.check.outputs.outcome\n",
        "if:",
    ),
    "an output negated": ("text-as-truth", CONDITION, "    if: ${{ !needs.check.outputs.outcome }}\n", "if:"),
    "an input of an event": ("text-as-truth", CONDITION, "    if: github.event.inputs.go\n", "if:"),
    "not failed": (
        "passes-when-missing",
        CONDITION,
        "    if: needs.check.outputs.outcome != 'fail'\n",
        "if:",
    ),
    "result not failure": (
        "passes-when-missing",
        CONDITION,
        "    if: needs.check.result != 'failure'\n",
        "if:",
    ),
    "a negated comparison": (
        "negated-comparison",
        CONDITION,
        "    if: ${{ !(needs.check.outputs.outcome < 0.9) }}\n",
        "if:",
    ),
    "a negated comparison of numbers": (
        "negated-comparison",
        CONDITION,
        "    if: ${{ !(fromJSON(needs.check.outputs.outcome) < 0.9) }}\n",
        "if:",
    ),
    "stops only below": (
        "stops-only-below",
        STEP,
        STEP + "      - if: steps.check.outputs.score < 0.9\n        run: exit 1\n",
        "if:",
    ),
    "an output that nobody declares": (
        "unknown-output",
        CONDITION,
        "    if: needs.check.outputs.outcom == 'pass'\n",
        "if:",
    ),
    "a job that is not needed": (
        "unknown-output",
        CONDITION,
        "    if: needs.gate.outputs.outcome == 'pass'\n",
        "if:",
    ),
    "a step that is not there": (
        "unknown-step",
        STEP,
        STEP + "      - if: steps.chek.outcome == 'failure'\n        run: exit 1\n",
        "if:",
    ),
    "a gate that nobody needs": ("nobody-needs", "    needs: check\n" + "", "", "promote:"),
    "a branch": ("unpinned-caller", STEP, "        uses: org/road/actions/check@main\n", "uses:"),
    "a tag": (
        "unpinned-caller",
        "  promote:\n",
        "  more:\n    uses: org/road/.github/workflows/check.yml@v1\n  promote:\n",
        "uses:",
    ),
    "or true": ("or-true", STEP, "        run: pavedroad check || true\n", "run:"),
    "or nothing": ("or-true", STEP, script("set -e", "pavedroad check || :"), "|| :"),
    "or a word": ("or-true", STEP, script("pavedroad check || echo 'not today'"), "|| echo"),
    "or zero": ("or-true", STEP, script("uv run pavedroad gate || exit 0"), "|| exit 0"),
    "or true for pytest": ("or-true", STEP, "        run: python -m pytest -q || true\n", "run:"),
    "a pipe": (
        "pipe-without-pipefail",
        "        shell: bash\n" + STEP,
        "        run: pavedroad check | tee log.txt\n",
        "run:",
    ),
    "a pipe in sh": (
        "pipe-without-pipefail",
        "        shell: bash\n" + STEP,
        "        shell: sh\n" + script("pavedroad check 2>&1 | tee log.txt"),
        "| tee",
    ),
    "a pipe on the next line": (
        "pipe-without-pipefail",
        "        shell: bash\n" + STEP,
        script("pavedroad check \\", "  | tee log.txt"),
        "pavedroad check",
    ),
    "errexit off": ("errexit-off", STEP, script("set +e", "pavedroad check", "cp log.txt out/"), "pavedroad check"),
    "a word behind it": ("code-dropped", STEP, "        run: pavedroad check; echo done\n", "run:"),
    "true behind it": ("code-dropped", STEP, script("pavedroad check; true"), "; true"),
    "in the background": ("in-background", STEP, script("pavedroad check &", "sleep 60"), "check &"),
    "told to pass": ("told-to-pass", STEP, "        run: ruff check --exit-zero .\n", "run:"),
    "in a condition": (
        "inside-condition",
        STEP,
        script("if pavedroad check; then", "  echo good", "fi"),
        "if pavedroad",
    ),
}

# The same intention, done well: nothing is found.
MENDED = {
    "continue-on-error in a matrix": (GATE, GATE + "    continue-on-error: ${{ matrix.experimental }}\n"),
    "continue-on-error off": (GATE, GATE + "    continue-on-error: false\n"),
    "a step whose outcome ends the job": (
        STEP,
        STEP
        + "        continue-on-error: true\n      - run: echo told\n"
        + "      - if: steps.check.outcome == 'failure'\n        run: exit 1\n",
    ),
    "always, when the gate said yes": (CONDITION, "    if: always() && needs.check.result == 'success'\n"),
    "not cancelled, when the gate said yes": (
        CONDITION,
        "    if: ${{ !cancelled() && needs.check.outputs.outcome == 'pass' }}\n",
    ),
    "a condition on the branch": (GATE, GATE + "    if: github.ref == 'refs/heads/main'\n"),
    "a condition in braces": (CONDITION, "    if: ${{ needs.check.outputs.outcome == 'pass' }}\n"),
    "a condition without braces": (
        CONDITION,
        "    if: needs.check.outputs.outcome == 'pass' && github.ref_protected\n",
    ),
    "a comparison that must hold": (CONDITION, "    if: needs.check.outputs.outcome >= 0.9\n"),
    "a stop unless it holds": (
        STEP,
        STEP + "      - env:\n          SCORE: ${{ steps.check.outputs.score }}\n        run: python judge.py\n",
    ),
    "a notice on failure": (
        "  promote:\n",
        (
            "  tell:\n    needs: check\n    if: failure()\n    runs-on: ubuntu-latest\n"
            "    steps:\n      - run: echo no\n  promote:\n"
        ),
    ),
    "no promotion": (CONDITION + "    steps:\n      - run: pavedroad promote\n", "    steps:\n      - run: echo\n"),
    "needed through another job": (
        "  promote:\n    needs: check\n",
        (
            "  between:\n    needs: check\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
            "  promote:\n    needs: [between, check]\n"
        ),
    ),
    "pinned": (STEP, f"        uses: org/road/actions/check@{SHA} # v1.2.3\n"),
    "a sibling": (STEP, "        uses: $/actions/check\n"),
    "or one": (STEP, "        run: pavedroad check || exit 1\n"),
    "or a word and one": (STEP, script("pavedroad check || { echo 'no'; exit 1; }")),
    "or true for something else": (STEP, STEP + "      - run: docker rm old || true\n"),
    "a comment": (STEP, script("# pavedroad check || true", "pavedroad check")),
    "a pipe in bash": (STEP, "        run: pavedroad check | tee log.txt\n"),
    "a pipe with pipefail": (
        "        shell: bash\n" + STEP,
        script("set -euo pipefail", "pavedroad check | tee log.txt"),
    ),
    "a pipe in quotes": ("        shell: bash\n" + STEP, "        run: pytest -k 'a|b'\n"),
    "the code is kept": (STEP, script("set +e", "pavedroad check", "code=$?", "cp log.txt out/", "exit $code")),
    "errexit on again": (STEP, script("set +e", "rm old", "set -e", "pavedroad check")),
    "a pair": (STEP, "        run: pavedroad check && echo done\n"),
    "waited for": (STEP, script("pavedroad check &", "wait $!")),
    "both branches": (STEP, script("if ! pavedroad check; then", "  echo no", "  exit 1", "fi")),
    "the output of a tool is thrown away": (STEP, "        run: pavedroad check >log.txt 2>&1\n"),
    "a cache's answer": (
        "      - id: check\n",
        (
            "      - id: cache\n        uses: actions/cache@v5\n      - if: steps.cache.outputs.cache-hit != 'true'\n"
            "        run: make env\n      - id: check\n"
        ),
    ),
}


def write(folder, text, name="road.yml"):
    path = folder / name
    path.write_text(text)
    return path


def find(path):
    return lint_workflow(read_workflow(path))


def change(old, new):
    assert old in ROAD
    return ROAD.replace(old, new, 1)


def test_the_workflow_that_the_others_are_made_of_is_clean(tmp_path):
    assert find(write(tmp_path, ROAD)) == []


@pytest.mark.parametrize("case", BAD)
def test_a_way_to_skip_the_gate_is_found_on_its_line(tmp_path, case):
    pattern, old, new, at = BAD[case]
    path = write(tmp_path, change(old, new))
    found = [item for item in find(path) if item.pattern == pattern]
    assert len(found) == 1, find(path)
    assert at in path.read_text().splitlines()[found[0].line - 1]
    assert found[0].file == str(path)
    assert found[0].what.endswith(".") or ": " in found[0].what
    assert found[0].fix == FIXES[pattern]


@pytest.mark.parametrize("case", MENDED)
def test_the_same_done_well_is_clean(tmp_path, case):
    assert find(write(tmp_path, change(*MENDED[case]))) == []


def test_every_pattern_has_a_bad_workflow():
    assert {pattern for pattern, *_ in BAD.values()} == FIXES.keys()
    assert len(FIXES) >= 15


@pytest.mark.parametrize(("kind", "count"), [("string", 1), ("choice", 1), ("boolean", 0), ("number", 0)], ids=str)
def test_an_input_is_truth_only_when_it_is_one(tmp_path, kind, count):
    text = ROAD.replace("on: [push]\n", INPUT.format(kind)).replace(CONDITION, "    if: inputs.go\n")
    assert [item.pattern for item in find(write(tmp_path, text))] == ["text-as-truth"] * count


def test_an_input_of_a_composite_action_is_always_a_text(tmp_path):
    text = """\
        inputs: {go: {default: 'false'}}
        runs:
          using: composite
          steps:
            - if: inputs.go
              shell: bash
              run: pavedroad check
        """
    found = find(write(tmp_path, textwrap.dedent(text), "action.yml"))
    assert [(item.pattern, item.line) for item in found] == [("text-as-truth", 5)]


@pytest.mark.parametrize("where", ["on the line", "above"])
def test_a_finding_is_accepted_with_a_reason_only(tmp_path, where):
    note = "# gate-lint: allow or-true because the next job judges the log"
    line = "        run: pavedroad check || true"
    accepted = f"{line} {note}\n" if where == "on the line" else f"        {note}\n{line}\n"
    assert find(write(tmp_path, change(STEP, accepted))) == []
    assert len(find(write(tmp_path, change(STEP, accepted.replace(" because the next job judges the log", ""))))) == 1
    assert len(find(write(tmp_path, change(STEP, accepted.replace("allow or-true", "allow in-background"))))) == 1


# --- workflows that are fine ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLEAN)
def test_a_good_workflow_is_left_alone(tmp_path, name):
    assert find(write(tmp_path, textwrap.dedent(CLEAN[name]))) == []


OURS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("actions/*/action.yml")])
TEMPLATE = sorted(ROOT.glob("<<cookiecutter.project>>/.github/workflows/*.yml"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_own_are_clean(path):
    assert find(path) == []


@pytest.mark.parametrize("path", TEMPLATE, ids=lambda path: path.name)
def test_those_of_a_generated_repo_are_clean(tmp_path, path):
    text = path.read_text().replace('<< cookiecutter|derive("sha") >>', SHA)
    text = text.replace('<< cookiecutter|derive("road") >>', "org/road")
    assert find(write(tmp_path, text)) == []


# --- the command ----------------------------------------------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(lint, ["workflows", *map(str, words)])


def test_the_command_says_what_where_and_how_to_mend_it(tmp_path):
    path = write(tmp_path, change(STEP, "        run: pavedroad check || true\n"))
    answer = run(path)
    assert answer.exit_code == 1
    assert f"{path}:12: or-true: Its failure is turned into success" in answer.output
    assert FIXES["or-true"] in answer.output
    document = json.loads(run(path, "--json").output)
    assert [(item["pattern"], item["line"]) for item in document["findings"]] == [("or-true", 12)]
    assert run(write(tmp_path, ROAD)).exit_code == 0


def test_without_a_path_the_repository_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    write(folder, change(CONDITION, "    if: always()\n"))
    assert "promotes-always" in run().output
    assert run(".").exit_code == 1


def test_nothing_to_look_at_is_not_clean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(run().exception, UsageError)
    assert isinstance(run(tmp_path / "gone.yml").exception, UsageError)


@pytest.mark.parametrize(
    "text",
    ["jobs: [", "- a list\n", "name: no jobs\n", "jobs: {}\n", "jobs: {a: text}\n", "\x00", ""],
    ids=["no YAML", "a list", "no jobs", "no job", "a job as text", "NUL", "nothing"],
)
def test_what_cannot_be_read_is_not_clean(tmp_path, text):
    with pytest.raises(ConfigError):
        find(write(tmp_path, text))


def test_too_many_aliases_are_refused(tmp_path):
    text = ROAD + "x: &a {b: 1}\ny: [" + ", ".join(["*a"] * 51) + "]\n"
    with pytest.raises(ConfigError, match="more than 50 YAML aliases"):
        find(write(tmp_path, text))
