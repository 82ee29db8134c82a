"""A generated repo as the journeys see it: from outside, through its command line and its files."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavedroad.report import Outcome, Report, read_report

CHECKOUT = Path(__file__).parents[2]
STAGES = ("validate", "train", "evaluate", "drift", "package", "latency")
PIPELINE_STAGES = STAGES[:-1]
SECONDS = 300
"""Far more than any command here takes: the machine may be busy, a command may not hang."""

_FOREIGN = ("CI", "COVERAGE_", "DVC_", "GIT_", "GITHUB_", "PAVEDROAD_", "PIP_", "PYTEST_", "UV_", "VIRTUAL_ENV", "XDG_")

# Root may read and write every file. Without these two capabilities it meets permissions as everybody else does.
_AS_A_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All it printed, with runs of white space as single spaces, so that a line may break anywhere."""
        return " ".join(f"{self.out} {self.err}".split())


def make_environment(home: Path) -> dict[str, str]:
    """An environment of its own: no settings of the machine's user, no network, this Python's commands first."""
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "gitconfig"
    settings.write_text("[user]\n\tname = Journey\n\temail = journey@example.org\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        "DVC_NO_ANALYTICS": "1",
        "UV_OFFLINE": "1",  # the lock is the template's business, and tested there
        "UV_CACHE_DIR": str(home / "uv"),
        "OMP_NUM_THREADS": "1",  # several journeys share the machine's cores
        "COLUMNS": "200",
    }


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Answer:
    """Run a program and wait for it. A traceback in what it prints is a failure, whatever it came to."""
    done = subprocess.run(
        [*_AS_A_USER, *command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Repo:
    """A generated repo and the environment its commands run in."""

    root: Path
    environment: dict[str, str]

    def road(self, *words: str) -> Answer:
        """Run ``pavedroad`` in the repo."""
        return run([sys.executable, "-m", "pavedroad", *words], self.root, self.environment)

    def check(self) -> Answer:
        """Take the repo down the whole road."""
        return self.road("check")

    def git(self, *words: str) -> str:
        """Run git in the repo; it has to succeed."""
        answer = run(["git", *words], self.root, self.environment)
        assert answer.code == 0, answer
        return answer.out

    def commit(self) -> None:
        """Commit all there is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Keep what was made")

    def read(self, path: str) -> str:
        """A file's text."""
        return (self.root / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file's text."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the one place where ``old`` stands in a file."""
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def set(self, path: str, key: str, value: str) -> None:
        """Give the one line of a YAML or TOML file that sets ``key`` another value; a comment behind it goes."""
        text, count = re.subn(rf"^(\s*{key}\s*[=:] ).*$", rf"\g<1>{value}", self.read(path), flags=re.MULTILINE)
        assert count == 1, f"{key} is set {count} times in {path}"
        self.write(path, text)

    def report(self, stage: str) -> Report:
        """The report of a stage, read strictly."""
        return read_report(self.root / "reports" / f"{stage}.json")

    def outcomes(self) -> dict[str, Outcome]:
        """The outcome of every stage that has a report."""
        return {stage: self.report(stage).outcome for stage in (*STAGES, "gate") if self.has_report(stage)}

    def has_report(self, stage: str) -> bool:
        """Whether a stage has left a report."""
        return (self.root / "reports" / f"{stage}.json").is_file()

    def reasons(self, stage: str) -> str:
        """Why the checks of a stage that did not pass did not."""
        checks = self.report(stage).checks
        return " ".join(f"{item.title}: {item.reason}" for item in checks if item.outcome is not Outcome.PASS)

    def stamps(self) -> dict[str, int]:
        """When each stage last wrote the record of a run; a stage that runs writes it anew."""
        runs = {stage: self.root / "reports" / "run" / f"{stage}.json" for stage in STAGES}
        return {stage: path.stat().st_mtime_ns for stage, path in runs.items() if path.is_file()}

    def digests(self, pattern: str = "**/*") -> dict[str, str]:
        """The SHA-256 of every file by path, but for git's and DVC's own and for compiled Python."""
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.glob(pattern))
            if path.is_file()
            for name in [path.relative_to(self.root).as_posix()]
            if not name.startswith((".git/", ".dvc/")) and "__pycache__" not in name
        }

    def find_scraps(self) -> list[str]:
        """Files that a writer began and did not finish, by the names the writers give them; DVC's cache included."""
        found = [*self.root.glob("reports/**/.*.json.*"), *self.root.glob(".model.*"), *self.root.glob(".package.*")]
        return [str(path) for path in found]

    def copy(self, to: Path) -> "Repo":
        """The same repo in another place, with its cache."""
        shutil.copytree(self.root, to, symlinks=True)
        return Repo(to, self.environment)


def stages_run(repo: Repo, before: dict[str, int], answer: Answer) -> set[str]:
    """Which stages a ``check`` ran: those that wrote the record of a run. It must not have called them unchanged.

    When the road was taken to its end, it must have called all the others so.
    """
    after = repo.stamps()
    ran = {stage for stage in STAGES if after.get(stage) != before.get(stage)}
    unchanged = {stage for stage in STAGES if f"= {stage} unchanged, not run again" in answer.said}
    assert not ran & unchanged, answer
    assert answer.code != 0 or ran | unchanged == set(STAGES), answer
    return ran


def generate(folder: Path, environment: Mapping[str, str], **answers: str) -> Answer:
    """Let ``pavedroad new`` generate a repo from the template of this checkout."""
    words = [f"{question}={answer}" for question, answer in answers.items()]
    command = [sys.executable, "-m", "pavedroad", "new", "--no-input", "--template", str(CHECKOUT), *words]
    return run(command, folder, environment)


def read_json(path: Path) -> Any:
    """A JSON file's content."""
    return json.loads(path.read_text(encoding="utf-8"))
