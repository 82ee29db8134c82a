"""Do callers and what they call fit? GitHub says so only when a run starts, ``act`` never; here files tell it.

For every job that calls a reusable workflow and every step that calls an action of the road: the target exists; each
input, secret and output that is named exists; what is required is given; literal values have the type; and a caller
grants each permission that the jobs of its callee ask for.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

_LEVELS = {"none": 0, "read": 1, "write": 2}
_EXPRESSION = "${{"
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}
_NEEDED = re.compile(r"needs\.(?P<source>[\w-]+)\.outputs\.(?P<name>[\w-]+)")
_STEPPED = re.compile(r"steps\.(?P<source>[\w-]+)\.outputs\.(?P<name>[\w-]+)")


@dataclass(frozen=True)
class Input:
    """One input: its type, and whether a caller has to give it."""

    type: str
    required: bool


@dataclass(frozen=True)
class Callee:
    """What a workflow or an action promises to its callers."""

    inputs: Mapping[str, Input]
    outputs: frozenset[str]
    secrets: Mapping[str, bool] = field(default_factory=dict)
    """By name, whether it is required."""
    permissions: Mapping[str, str] = field(default_factory=dict)


def read_callee(path: Path) -> Callee:
    """Read a reusable workflow or an ``action.yml``."""
    document = read_yaml(path)
    if "runs" in document:
        inputs = {
            name: Input("any", bool((entry or {}).get("required")) and "default" not in (entry or {}))
            for name, entry in (document.get("inputs") or {}).items()
        }
        return Callee(inputs, frozenset(document.get("outputs") or {}))
    call = (document.get("on") or {}).get("workflow_call") or {}
    return Callee(
        inputs={
            name: Input(entry["type"], bool(entry.get("required")) and "default" not in entry)
            for name, entry in (call.get("inputs") or {}).items()
        },
        outputs=frozenset(call.get("outputs") or {}),
        secrets={name: bool((entry or {}).get("required")) for name, entry in (call.get("secrets") or {}).items()},
        permissions=_sum_permissions(document),
    )


def find_breaches(caller: Path, road: Path, name: str) -> list[str]:
    """Every way in which a workflow or action does not fit what it calls of the road.

    Args:
        caller: the calling file, in a generated repo or in the road itself.
        road: a checkout of the road.
        name: ``owner/name`` by which callers know the road.
    """
    document = read_yaml(caller)
    found: list[str] = []
    jobs: dict[str, Any] = document.get("jobs") or {}
    called: dict[str, Callee] = {}
    for id_, job in jobs.items():
        callee = _look_up(str(job.get("uses", "")), road, name, found, f"job {id_!r}")
        if callee is not None:
            called[id_] = callee
            found += _compare(f"job {id_!r}", job, callee)
            found += _compare_permissions(f"job {id_!r}", _grant(document, job), callee)
        found += _check_steps(job.get("steps") or [], road, name, f"job {id_!r}")
    found += _check_steps((document.get("runs") or {}).get("steps") or [], road, name, "the action")
    for use in _NEEDED.finditer(caller.read_text(encoding="utf-8")):
        if use["source"] in called and use["name"] not in called[use["source"]].outputs:
            found.append(f"job {use['source']!r} has no output {use['name']!r}")
    return [f"{caller.name}: {breach}" for breach in dict.fromkeys(found)]


def find_excess(caller: Path, road: Path, name: str) -> list[str]:
    """Every permission that a caller grants and its callee does not need."""
    document = read_yaml(caller)
    excess = []
    for id_, job in (document.get("jobs") or {}).items():
        callee = _look_up(str(job.get("uses", "")), road, name, [], "")
        if callee is not None:
            for scope, level in _grant(document, job).items():
                if _LEVELS[level] > _LEVELS[callee.permissions.get(scope, "none")]:
                    excess.append(f"{caller.name}: job {id_!r} grants {scope}: {level}, which nothing needs")
    return excess


def find_wrong_commands(action: Path, program: click.Group) -> list[str]:
    """Every call of our command line in an action whose verb or option does not exist."""
    found = []
    for step in (read_yaml(action).get("runs") or {}).get("steps") or []:
        words = shlex.split(str(step.get("run", "")))
        if not words or words[0] != program.name:
            continue
        context = click.Context(program)
        command = program.get_command(context, words[1])
        if command is None:
            found.append(f"{action.parent.name}: {words[1]!r} is not a command")
            continue
        known = {option for parameter in command.params for option in parameter.opts}
        given = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
        found += [f"{action.parent.name}: {words[1]} has no option {option}" for option in sorted(given - known)]
        needed = {p.opts[0] for p in command.params if p.required and isinstance(p, click.Option)}
        found += [f"{action.parent.name}: {words[1]} needs {option}" for option in sorted(needed - given)]
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as plain data; ``on`` stays a word, as GitHub reads it."""
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else {}


def _look_up(uses: str, road: Path, name: str, found: list[str], what: str) -> Callee | None:
    """What a ``uses:`` of the road leads to; None for anything that is not of the road."""
    if uses.startswith("$/"):
        place = uses.removeprefix("$/")
    elif uses.startswith(f"{name}/"):
        place, at, ref = uses.removeprefix(f"{name}/").partition("@")
        if not at or not re.fullmatch(r"[0-9a-f]{40}", ref):
            found.append(f"{what} does not pin {uses!r} to a full commit")
    else:
        return None
    path = road / place
    path = path if path.suffix in {".yml", ".yaml"} else path / "action.yml"
    if not path.is_file():
        found.append(f"{what} calls {place!r}, which does not exist")
        return None
    return read_callee(path)


def _check_steps(steps: list[dict[str, Any]], road: Path, name: str, what: str) -> Iterator[str]:
    called: dict[str, Callee] = {}
    for step in steps:
        label = f"{what}, step {step.get('name', step.get('id', '?'))!r}"
        breaches: list[str] = []
        callee = _look_up(str(step.get("uses", "")), road, name, breaches, label)
        yield from breaches
        if callee is not None:
            yield from _compare(label, step, callee)
            if "id" in step:
                called[step["id"]] = callee
    for use in _STEPPED.finditer(str(steps)):
        if use["source"] in called and use["name"] not in called[use["source"]].outputs:
            yield f"{what}: step {use['source']!r} has no output {use['name']!r}"


def _compare(what: str, call: Mapping[str, Any], callee: Callee) -> Iterator[str]:
    given = call.get("with") or {}
    for name, value in given.items():
        if name not in callee.inputs:
            yield f"{what} gives the input {name!r}, which does not exist"
        elif not _fits(value, callee.inputs[name].type):
            yield f"{what} gives the input {name!r} {value!r}, which is no {callee.inputs[name].type}"
    yield from (
        f"{what} does not give the input {name!r}, which is required"
        for name, entry in callee.inputs.items()
        if entry.required and name not in given
    )
    secrets = call.get("secrets") or {}
    if secrets != "inherit":
        yield from (
            f"{what} gives the secret {name!r}, which does not exist" for name in secrets if name not in callee.secrets
        )
        yield from (
            f"{what} does not give the secret {name!r}, which is required"
            for name, required in callee.secrets.items()
            if required and name not in secrets
        )


def _fits(value: object, type_: str) -> bool:
    if type_ == "any" or (isinstance(value, str) and _EXPRESSION in value):
        return True
    return isinstance(value, _TYPES[type_]) and (type_ == "boolean" or not isinstance(value, bool))


def _compare_permissions(what: str, granted: Mapping[str, str], callee: Callee) -> Iterator[str]:
    for scope, level in callee.permissions.items():
        if _LEVELS[granted.get(scope, "none")] < _LEVELS[level]:
            yield f"{what} grants {scope}: {granted.get(scope, 'none')}, but its callee needs {level}"


def _grant(document: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, str]:
    """What a job may do: its own permissions, else those at the top; none said is none granted here."""
    granted = job.get("permissions", document.get("permissions")) or {}
    return dict(granted) if isinstance(granted, dict) else {}


def _sum_permissions(document: Mapping[str, Any]) -> dict[str, str]:
    needed: dict[str, str] = {}
    for job in (document.get("jobs") or {}).values():
        for scope, level in _grant(document, job).items():
            needed[scope] = max(level, needed.get(scope, "none"), key=_LEVELS.__getitem__)
    return needed
