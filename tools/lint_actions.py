"""Look at workflows and actions with what the checkers by themselves leave out; ``nox -s lint`` runs this.

actionlint reads workflows only, so each action's steps are given to it as a workflow of one job. Our own rules follow:
nothing of an event, an input or a step's output is pasted into a shell line.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
EXPRESSION = re.compile(r"\$\{\{")


def main(root: Path = ROOT) -> int:
    """Print every finding; 1 when there is one."""
    workflows = sorted(root.glob(".github/workflows/*.y*ml"))
    actions = sorted(root.glob("actions/*/action.yml"))
    findings = find_expressions([*workflows, *actions])
    findings += run_actionlint(workflows)
    with tempfile.TemporaryDirectory() as scratch:
        findings += run_actionlint([wrap(action, Path(scratch)) for action in actions])
    findings += run_shellcheck(sorted(root.glob("actions/*/*.sh")))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def find_expressions(files: list[Path]) -> list[str]:
    """Every ``run:`` that holds an expression: its value would be pasted into a program."""
    return [
        f"{file}: step {step.get('name', step.get('id', '?'))!r} has an expression in `run`"
        for file in files
        for step in list_steps(read(file))
        if EXPRESSION.search(str(step.get("run", "")))
    ]


def list_steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a workflow's jobs or of a composite action."""
    jobs = (document.get("jobs") or {}).values()
    steps = [step for job in jobs for step in job.get("steps") or []]
    return [*steps, *((document.get("runs") or {}).get("steps") or [])]


def wrap(action: Path, folder: Path) -> Path:
    """A workflow whose one job has the steps of an action; its inputs are those of a call."""
    document = read(action)
    inputs = {name: {"type": "string", "default": ""} for name in document.get("inputs") or {}}
    workflow = {
        "name": action.parent.name,
        "on": {"workflow_call": {"inputs": inputs}},
        "jobs": {"steps": {"runs-on": "ubuntu-latest", "steps": document["runs"]["steps"]}},
    }
    path = folder / f"{action.parent.name}.yml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(workflow, file)
    return path


def run_actionlint(files: list[Path]) -> list[str]:
    """What actionlint, with shellcheck, finds in workflows."""
    if not files:
        return []
    return said(["actionlint", "-no-color", "-oneline", "-shellcheck", beside("shellcheck"), *map(str, files)])


def run_shellcheck(files: list[Path]) -> list[str]:
    """What shellcheck finds in the actions' scripts."""
    return said(["shellcheck", "--format=gcc", *map(str, files)]) if files else []


def said(command: list[str]) -> list[str]:
    """The lines that a checker printed; that it failed without a word is a finding too."""
    done = subprocess.run([beside(command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines or ([f"{command[0]} ended with {done.returncode}"] if done.returncode else [])


def beside(program: str) -> str:
    """A program of the environment that this runs in."""
    return str(Path(sys.executable).with_name(program))


def read(path: Path) -> dict[str, Any]:
    """A YAML file as plain data; ``on`` stays a word."""
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document


if __name__ == "__main__":
    sys.exit(main())
