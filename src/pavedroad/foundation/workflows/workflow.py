"""Workflows and composite actions as data that knows its lines: jobs, steps, conditions, outputs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pavedroad.errors import ConfigError
from pavedroad.foundation.yamlfile import read_marked_yaml

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)

GATES = re.compile(
    r"(?<![\w./-])(?:(?:uvx?|poetry|pdm|hatch|pipx) run (?:--?\S+ )*|python3? -m |npx |\./)?"
    r"(?:pavedroad (?:check|gate|validate|train|evaluate|drift|package|latency|contract|verify|lint|suite check)"
    r"|nox|tox|pytest|ruff|mypy|pre-commit|dvc repro|dvc status|great_expectations|zizmor|actionlint)(?![\w./-])"
)
_GATE_USES = re.compile(
    r"(?:/actions/(?:check|gate|validate|lint)(?:@|$)|/workflows/(?:check|gate|lint)\.ya?ml(?:@|$))"
)
_PROMOTES = re.compile(r"promot|deploy|releas|publish|roll[ _-]?out|go[ _-]?live|to[ _-]prod", re.IGNORECASE)
_PROMOTE_COMMAND = re.compile(
    r"(?<![\w./-])(?:pavedroad (?:promote|deploy|release|register)|twine upload|uv publish|kubectl (?:apply|rollout)"
    r"|helm upgrade|terraform apply|gh release create|docker push|npm publish|git push \S+ \S*prod)"
)


@dataclass(frozen=True)
class Step:
    """One step: its mapping as it was written, and where."""

    data: dict[str, Any]
    line: int
    shell: str
    """The shell as somebody wrote it, here or in the defaults; empty: nobody did."""

    def text(self, key: str) -> str:
        """The value of a key as text; a truth value as GitHub writes it."""
        return to_text(self.data.get(key))

    def line_of(self, key: str) -> int:
        """The line of a key, or of the step."""
        return line_of(self.data, key, self.line)

    @property
    def is_gate(self) -> bool:
        """Whether the step runs something whose failure has to stop what follows."""
        return bool(GATES.search(strip_comments(self.text("run"))) or _GATE_USES.search(self.text("uses")))

    @property
    def promotes(self) -> bool:
        """Whether the step brings something to where it is used."""
        words = f"{self.text('name')} {self.text('id')} {self.text('uses').partition('@')[0]}"
        return bool(_PROMOTES.search(words) or _PROMOTE_COMMAND.search(strip_comments(self.text("run"))))


@dataclass(frozen=True)
class Job:
    """One job, or the steps of a composite action, which have no name."""

    name: str
    data: dict[str, Any]
    line: int
    steps: list[Step]

    def text(self, key: str) -> str:
        """The value of a key as text."""
        return to_text(self.data.get(key))

    def line_of(self, key: str) -> int:
        """The line of a key, or of the job."""
        return line_of(self.data, key, self.line)

    @property
    def needs(self) -> list[str]:
        """The jobs that this one waits for."""
        needs = self.data.get("needs") or []
        return [str(needs)] if isinstance(needs, str) else [str(name) for name in needs]

    @property
    def is_gate(self) -> bool:
        """Whether the job's failure has to stop what follows."""
        return any(step.is_gate for step in self.steps) or bool(_GATE_USES.search(self.text("uses")))

    @property
    def promotes(self) -> bool:
        """Whether the job brings something to where it is used."""
        named = _PROMOTES.search(f"{self.name} {self.text('name')} {self.text('uses').partition('@')[0]}")
        return bool(named or "environment" in self.data or any(step.promotes for step in self.steps))


@dataclass(frozen=True)
class Workflow:
    """A workflow, or a composite action, which is taken for a workflow of one job."""

    path: Path
    jobs: dict[str, Job]
    typed_inputs: dict[str, str] = field(default_factory=dict)
    """The inputs that callers give, with their type; those of a composite action are all ``string``."""
    lines: list[str] = field(default_factory=list)
    """The file's text, line by line."""

    def ancestors(self, job: Job) -> set[str]:
        """The names of all jobs that have to come before a job."""
        found: set[str] = set()
        waiting = list(job.needs)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.jobs[name].needs if name in self.jobs else []
        return found


def read_workflow(path: Path) -> Workflow:
    """Read a workflow or a composite action.

    Raises:
        ConfigError: the file is not YAML, or is neither of the two.
    """
    document = read_marked_yaml(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    runs = document.get("runs")
    if isinstance(runs, dict):
        job = _to_job("", runs, line_of(document, "runs", 1), "")
        return Workflow(path, {"": job}, dict.fromkeys(document.get("inputs") or {}, "string"), lines)
    jobs = document.get("jobs")
    if not isinstance(jobs, dict) or not jobs:
        raise ConfigError("This is neither a workflow nor an action: it has neither 'jobs' nor 'runs'.", where=path)
    for name, job in jobs.items():
        if not isinstance(job, dict):
            raise ConfigError(f"The job {name!r} is not a mapping.", where=path, line=line_of(jobs, name, 1))
    default = _find_shell(document, "")
    made = {str(name): _to_job(str(name), job, line_of(jobs, name, 1), default) for name, job in jobs.items()}
    return Workflow(path, made, _find_inputs(document), lines)


def line_of(node: object, key: object, otherwise: int) -> int:
    """The line (from 1) on which a key of a mapping that was read with its marks stands."""
    marks = getattr(node, "lc", None)
    try:
        return int(marks.key(key)[0]) + 1 if marks is not None else otherwise
    except (KeyError, TypeError):
        return otherwise


def to_text(value: object) -> str:
    """A scalar as GitHub reads it: truth values in small letters, nothing as nothing."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_expression(text: str) -> str:
    """What a condition asks, on one line, without ``${{ }}``."""
    return " ".join(EXPRESSION.sub(r"\1", text).split())


def strip_comments(script: str) -> str:
    """A script without its comments, and with lines that go on joined."""
    joined = re.sub(r"\\\n\s*", " ", script)
    return "\n".join(re.sub(r"(^|\s)#.*$", "", line) for line in joined.splitlines())


def walk_texts(node: object) -> Iterator[str]:
    """Every text in a mapping, keys aside."""
    if isinstance(node, dict):
        for value in node.values():
            yield from walk_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk_texts(value)
    elif isinstance(node, str):
        yield node


def _to_job(name: str, data: dict[str, Any], line: int, default: str) -> Job:
    shell = _find_shell(data, default)
    written = data.get("steps") or []
    steps = [
        Step(step, int(step.lc.line) + 1 if hasattr(step, "lc") else line, to_text(step.get("shell")) or shell)
        for step in written
        if isinstance(step, dict)
    ]
    return Job(name, data, line, steps)


def _find_shell(data: dict[str, Any], otherwise: str) -> str:
    node: Any = data
    for key in ("defaults", "run"):
        node = node.get(key) if isinstance(node, dict) else None
    return to_text(node.get("shell")) or otherwise if isinstance(node, dict) else otherwise


def _find_inputs(document: dict[str, Any]) -> dict[str, str]:
    events = document.get("on")
    found: dict[str, str] = {}
    for event in ("workflow_call", "workflow_dispatch"):
        node = events.get(event) if isinstance(events, dict) else None
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for name, about in (inputs or {}).items() if isinstance(inputs, dict) else ():
            found[str(name)] = to_text(about.get("type")) or "string" if isinstance(about, dict) else "string"
    return found
