"""Write the tables of inputs and outputs into the actions' READMEs, from the ``action.yml`` beside each.

``python tools/document_actions.py`` writes; ``--check`` only says which are behind. The workflows' tables stand in
``docs/workflows.md`` between two marks, and are kept the same way.
"""

import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- tables: begin (tools/document_actions.py) -->", "<!-- tables: end -->"
_HELPERS = {
    "setup": "The set-up that all other actions share.",
    "compiled": "For the end of a job that has run `setup`.",
}
"""What is said of the actions that run no command of ours."""
PUBLIC = ("check.yml", "lint.yml", "retrain.yml")


def main(root: Path = ROOT, *, only_check: bool = False) -> int:
    """Bring every page up to date; 1 when one was behind and may only be checked."""
    behind = [path for path, text in make_pages(root).items() if not path.is_file() or path.read_text() != text]
    for path in behind:
        if only_check:
            print(f"{path.relative_to(root)} is behind. Run: python tools/document_actions.py")
        else:
            path.write_text(make_pages(root)[path], encoding="utf-8")
            print(f"Wrote {path.relative_to(root)}")
    return 1 if behind and only_check else 0


def make_pages(root: Path) -> dict[Path, str]:
    """Each page as it should be."""
    pages = {path.with_name("README.md"): describe_action(path) for path in sorted(root.glob("actions/*/action.yml"))}
    guide = root / "docs" / "workflows.md"
    if guide.is_file():
        text = guide.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        tail = rest.partition(END)[2]
        tables = "\n\n".join(describe_workflow(root / ".github/workflows" / name) for name in PUBLIC)
        pages[guide] = f"{head}{BEGIN}\n\n{tables}\n\n{END}{tail}"
    return pages


def describe_action(path: Path) -> str:
    """An action's README."""
    action = read(path)
    name = path.parent.name
    command = next((str(s["run"]).strip() for s in action["runs"]["steps"] if "run" in s), "")
    parts = [
        f"# {name}",
        f"{action['description'].strip()}",
        _HELPERS.get(name, f"One set-up and one command: `{command}`."),
        "## Inputs",
        tabulate_inputs(action.get("inputs") or {}),
        "## Outputs",
        tabulate_outputs(action.get("outputs") or {}),
        "This page is made from `action.yml` by `tools/document_actions.py`.",
    ]
    return "\n\n".join(parts) + "\n"


def describe_workflow(path: Path) -> str:
    """A reusable workflow's inputs, outputs and permissions."""
    workflow = read(path)
    call = workflow["on"]["workflow_call"]
    granted = sum_permissions(workflow)
    return "\n\n".join(
        [
            f"### `{path.name}`",
            f"The caller grants {', '.join(f'`{scope}: {level}`' for scope, level in granted.items())}.",
            tabulate_inputs(call.get("inputs") or {}),
            tabulate_outputs(call.get("outputs") or {}),
        ]
    )


def sum_permissions(workflow: dict[str, Any]) -> dict[str, str]:
    """What a caller has to grant: of each scope the most that any job asks for."""
    granted: dict[str, str] = {}
    for job in workflow["jobs"].values():
        for scope, level in job["permissions"].items():
            granted[scope] = "write" if "write" in (level, granted.get(scope)) else level
    return granted


def tabulate_inputs(inputs: dict[str, Any]) -> str:
    """A table of inputs."""
    if not inputs:
        return "None."
    lines = ["| input | required | default | what it is |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{name}` | {'yes' if entry.get('required') else 'no'} | {spell(entry.get('default'))} | "
        f"{entry['description'].strip()} |"
        for name, entry in inputs.items()
    ]
    return "\n".join(lines)


def tabulate_outputs(outputs: dict[str, Any]) -> str:
    """A table of outputs."""
    if not outputs:
        return "None."
    lines = ["| output | what it is |", "| --- | --- |"]
    lines += [f"| `{name}` | {entry['description'].strip()} |" for name, entry in outputs.items()]
    return "\n".join(lines)


def spell(value: object) -> str:
    """A default as it is written."""
    return "" if value is None else f"`{value}`"


def read(path: Path) -> dict[str, Any]:
    """A YAML file as plain data."""
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document


if __name__ == "__main__":
    sys.exit(main(only_check="--check" in sys.argv))
