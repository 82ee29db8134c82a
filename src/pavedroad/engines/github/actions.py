"""GitHub Actions behind ``foundation.forge.host.Host``: the only reader of ``GITHUB_*`` and ``RUNNER_*``.

Whatever a step prints can be a command to the runner (``::set-env…``, ``##[…]``). Data is printed all the time, so
the first thing done here is to make the runner deaf, by a word that nobody can guess; it listens again only while our
own annotations, fully escaped, are printed. The files through which a step sets outputs, variables and the path, and
all tokens, are taken out of the environment, so that a repo's own functions do not inherit them.
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from pavedroad.errors import EvidenceError, UsageError
from pavedroad.foundation.forge.host import Annotation, Change, Forge, Host

INSIDE = "PAVEDROAD_INSIDE"
"""Set for the commands that a command of ours starts: the outermost one speaks for all."""

TOKEN = "PAVEDROAD_TOKEN"  # noqa: S105 - the name of a variable
"""The token for the forge. Actions set it for the one step that needs it."""

MOST_ANNOTATIONS = 10
"""What GitHub shows of one level and step."""

LARGEST_EVENT = 25 * 1024 * 1024
LARGEST_SUMMARY = 1_000_000
_LONGEST_TITLE, _LONGEST_MESSAGE = 200, 1_000

_TAKEN = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
_SECRET = ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", TOKEN)


def enter(*, aside: bool) -> Host | None:
    """Take over from the runner, when there is one and no outer command of ours has done so.

    Args:
        aside: standard output is for a document, so the runner is spoken to on standard error.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true" or INSIDE in os.environ:
        return None
    kept = {name: os.environ.pop(name) for name in (*_TAKEN, *_SECRET) if name in os.environ}
    os.environ[INSIDE] = "1"
    if not aside:
        # The runner reads two pipes at its own pace. Only in one of them is what comes later read later.
        sys.stderr.flush()
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    return Runner({**os.environ, **kept}, kept, sys.stderr if aside else sys.stdout)


class Runner:
    """A step of a GitHub Actions job."""

    def __init__(self, environment: Mapping[str, str], taken: Mapping[str, str], stream: TextIO) -> None:
        self._environment = environment
        self._taken = dict(taken)
        self._stream = stream
        self._word = secrets.token_hex(32)
        self._speak(f"::stop-commands::{self._word}")

    def annotate(self, annotations: Sequence[Annotation], root: Path) -> None:
        """Print annotations, the first of each level that GitHub shows; the summary has them all."""
        kept: list[Annotation] = []
        for level in ("error", "warning", "notice"):
            kept += [annotation for annotation in annotations if annotation.level == level][:MOST_ANNOTATIONS]
        if not kept:
            return
        lines = [self._spell(annotation, root) for annotation in kept]
        known, self._word = self._word, secrets.token_hex(32)
        self._speak(f"::{known}::", *lines, f"::stop-commands::{self._word}")

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Append outputs, each between delimiters that nobody can guess."""
        entries = []
        for name, value in outputs.items():
            mark = f"end-{secrets.token_hex(32)}"
            entries.append(f"{name}<<{mark}\n{value}\n{mark}\n")
        self._append("GITHUB_OUTPUT", "".join(entries))

    def add_summary(self, markdown: str) -> None:
        """Append to the job's summary."""
        self._append("GITHUB_STEP_SUMMARY", markdown[:LARGEST_SUMMARY] + "\n")

    def find_change(self) -> Change | None:
        """The pull request of the event, read as the untrusted document it is."""
        event = self._read_event()
        pull = event.get("pull_request")
        if not isinstance(pull, dict):
            return None
        number = pull.get("number")
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise EvidenceError("The event names no number for its pull request.")
        head = _dig(pull, "head", "repo", "full_name")
        return Change(number=number, own=isinstance(head, str) and head == self._ask("GITHUB_REPOSITORY"))

    def default_branch(self) -> str:
        """The repository's default branch as the event names it, else the branch that the run was started on."""
        named = _dig(self._read_event(), "repository", "default_branch")
        return named if isinstance(named, str) and named else self._ask("GITHUB_REF_NAME")

    def run_url(self) -> str:
        """The address of this run."""
        parts = [self._ask(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
        return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else ""

    def open_forge(self) -> Forge:
        """GitHub's REST interface for this repository, with the token that the action handed over."""
        from pavedroad.engines.github.rest import GitHub

        token = self._ask(TOKEN)
        if not token:
            raise UsageError(
                "This step was given no token, so it cannot talk to GitHub.",
                next_step=f"Set {TOKEN} in the step's env, as the action of this name does.",
            )
        return GitHub(
            api=self._ask("GITHUB_API_URL"),
            server=self._ask("GITHUB_SERVER_URL"),
            repository=self._ask("GITHUB_REPOSITORY"),
            token=token,
        )

    def leave(self) -> None:
        """Let the runner listen again, and give back what was taken from the environment."""
        self._speak(f"::{self._word}::")
        os.environ.update(self._taken)
        os.environ.pop(INSIDE, None)

    def _ask(self, name: str) -> str:
        return self._environment.get(name, "")

    def _append(self, name: str, text: str) -> None:
        path = self._ask(name)
        if path:
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)

    def _speak(self, *lines: str) -> None:
        """Print for the runner, after all that was printed before."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def _spell(self, annotation: Annotation, root: Path) -> str:
        properties = {"title": annotation.title[:_LONGEST_TITLE]}
        if annotation.where is not None:
            place = self._place(root, annotation.where.file)
            if place:
                properties = {"file": place, **properties}
                if annotation.where.line is not None:
                    properties["line"] = str(annotation.where.line)
        spelled = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
        return f"::{annotation.level} {spelled}::{escape_message(annotation.message[:_LONGEST_MESSAGE])}"

    def _place(self, root: Path, file: str) -> str:
        """A file as the runner knows it: relative to the workspace; empty when it lies outside."""
        workspace = Path(self._ask("GITHUB_WORKSPACE") or root).resolve()
        path = (root / file).resolve()
        return path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else ""

    def _read_event(self) -> dict[str, Any]:
        path = Path(self._ask("GITHUB_EVENT_PATH") or "/nonexistent")
        try:
            if path.stat().st_size > LARGEST_EVENT:
                raise EvidenceError("The event is larger than GitHub sends.", where=path)
            event = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise EvidenceError(f"The event cannot be read: {error}.", where=path) from error
        return event if isinstance(event, dict) else {}


def escape_message(text: str) -> str:
    """Text as the message of a workflow command: one line, whatever it holds."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Text as a property of a workflow command, where colons and commas have a meaning too."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")


def _dig(document: object, *keys: str) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
