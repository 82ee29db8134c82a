"""DVC behind ``foundation.pipeline``: its command line runs the stages, its lock is read as plain YAML."""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from pavedroad.engines.dvc.cache import refuse_bombs
from pavedroad.errors import ConfigError, DataError, MissingExtraError, PipelineError
from pavedroad.foundation.data.kept import UnreachableError
from pavedroad.foundation.pipeline import Event, LockedStage, Result, State
from pavedroad.foundation.usercode.command import Command

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"

_STATES: dict[State, "re.Pattern[str]"] = {
    "running": re.compile(r"^Running stage '([^']+)':?$"),
    "unchanged": re.compile(r"^Stage '([^']+)' didn't change, skipping$"),
    "restored": re.compile(r"^Stage '([^']+)' is cached - skipping run, checking out outputs$"),
    "failed": re.compile(r"^ERROR: failed to reproduce '([^']+)'"),
}
_NOISE = re.compile(
    r"^(> .*|Updating lock file .*|Generating lock file .*|To track the changes with git, run:|\s*git add .*"
    r"|To enable auto staging, run:|\s*dvc config core\.autostage true|Use `dvc push` to send your updates .*"
    r"|Data and pipelines are up to date\.|'.*' didn't change, skipping|WARNING: .* is not tracked by .*"
    r"|WARNING: failed to run: .*|WARNING: Stages? .* will be skipped due to this failure|)$"
)


def check_ready(root: Path) -> None:
    """Refuse a repo in which DVC is not set up, or whose files would keep it busy for ever.

    Raises:
        PipelineError: DVC is not set up here.
        ConfigError: a file is a YAML bomb.
    """
    if not (root / ".dvc").is_dir():
        raise PipelineError(
            "DVC is not set up in this folder.", where=root, next_step="Run: dvc init (and git init before it)."
        )
    if not (root / PIPELINE).is_file():
        raise PipelineError(f"There is no {PIPELINE} here.", where=root / PIPELINE)
    refuse_bombs(root)


def find_kept_elsewhere(root: Path, paths: list[str]) -> list[str]:
    """Which files are named by a ``.dvc`` file beside them, but are not here."""
    return [path for path in paths if not (root / path).exists() and (root / f"{path}.dvc").is_file()]


def fetch(root: Path, paths: list[str]) -> str:
    """Bring files that ``.dvc`` files name, verified before they are laid down.

    Raises:
        DataError: what came is damaged, or a directory's manifest is refused.
        MissingExtraError: DVC is not installed.
    """
    from pavedroad.engines.dvc.objects import pull  # it imports DVC, and few checks need it

    try:
        care = pull(root, paths, "", lambda *_: None)
    except (ConfigError, UnreachableError) as error:
        return error.what
    damaged = next((flaw for flaw in care.flaws if flaw.trouble == "damaged"), None)
    if damaged is not None:
        raise DataError(
            f"{damaged.kept.path} is damaged in the remote, so nothing of it was laid down.",
            where=damaged.where,
            next_step="Push it again from where the data is whole: pavedroad data push.",
        )
    return (care.said or "The remote does not hold it.") if care.flaws else ""


def run_program(root: Path, words: list[str]) -> str:
    """Run DVC to its end; why it failed, in its own words, or nothing.

    Raises:
        MissingExtraError: DVC is not installed.
    """
    code, lines = _start_program(root, words).finish()
    if code == 0:
        return ""
    said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (said or [f"DVC could not {words[0]}."])[0][:300]


def start(root: Path) -> "Repro":
    """Start ``dvc repro --keep-going`` beside this Python, so that the stages find the same ``pavedroad``.

    Raises:
        MissingExtraError: DVC is not installed.
    """
    return Repro(root, _start_program(root, ["repro", "--keep-going"]))


def release(root: Path, paths: list[str]) -> str:
    """Part files from the cache (``dvc unprotect``), so that whoever writes them does not write into it."""
    return run_program(root, ["unprotect", "--", *paths])


def _start_program(root: Path, words: list[str]) -> Command:
    """Start DVC's program, the one beside this Python if there is one.

    Raises:
        MissingExtraError: DVC is not installed.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    program = shutil.which("dvc", path=path)
    if program is None:
        raise MissingExtraError("dvc", "dvc")
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}
    return Command([program, *words], root, environment=environment)


class Repro:
    """A ``dvc repro`` at work."""

    def __init__(self, root: Path, command: Command) -> None:
        self._root = root
        self._command = command

    def follow(self, watch: Callable[[Event], None]) -> Result:
        """Tell what happens, line by line, until DVC ends.

        Raises:
            PipelineError: DVC is already running here, or refused the pipeline or a stage of it before that ran.
            KeyboardInterrupt: passed on after DVC and the stage it ran have ended.
        """
        stage, begun, failed, said = "", set(), [], []
        try:
            for line in self._command.lines():
                if event := _read_event(line):
                    if event.state == "running":
                        stage = event.stage
                        begun.add(stage)
                    elif event.state == "failed":
                        failed.append(event.stage)
                    watch(event)
                    continue
                if _NOISE.match(line):
                    continue
                if line.startswith(("ERROR: ", "WARNING: ")) or not stage:
                    said.append(line.removeprefix("ERROR: ").removeprefix("WARNING: ").strip())
                if stage and not line.startswith("ERROR: "):  # a warning may be the stage's own
                    watch(Event(stage, text=line))
        except BaseException:
            self.stop()
            raise
        code = self._command.wait()
        # A stage that failed after it began has said why in its report; for any other, only DVC knows.
        if code != 0 and not (failed and begun.issuperset(failed)):
            raise _explain(said, self._root)
        return Result(failed=tuple(dict.fromkeys(failed)), message=" ".join(said))

    def stop(self) -> None:
        """End DVC and its stage, and wait until they have ended."""
        self._command.stop()


def read_lock(root: Path) -> dict[str, LockedStage]:
    """Read ``dvc.lock``.

    Raises:
        ConfigError: it is not the YAML that DVC writes.
    """
    path = root / LOCK
    try:
        return parse_lock(path.read_bytes(), path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"The lock cannot be read: {error.strerror}.", where=path) from error


def parse_lock(content: bytes, where: Path) -> dict[str, LockedStage]:
    """What the bytes of a ``dvc.lock`` say.

    Raises:
        ConfigError: they are not the YAML that DVC writes.
    """
    return dict(_parse_lock(content, where))


@lru_cache(maxsize=2)
def _parse_lock(content: bytes, path: Path) -> dict[str, LockedStage]:
    """What a lock says. It is long and a check asks for it often; the same bytes are parsed once."""
    from pavedroad.foundation.yamlfile import parse_yaml  # a check is started without it

    stages = parse_yaml(content, path).get("stages") or {}
    try:
        return {
            str(name): LockedStage(
                name=str(name),
                inputs=_digests(stage.get("deps")),
                outputs=_digests(stage.get("outs")),
                parameters=dict(stage.get("params") or {}),
            )
            for name, stage in stages.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError("This is not a lock that DVC wrote.", where=path) from error


def digest(path: Path) -> str:
    """The MD5 by which DVC names a file; a folder is named by that of the list of its files, in the order of names."""
    if path.is_dir():
        found = sorted(item for item in path.rglob("*") if item.is_file())
        names = {item.relative_to(path).as_posix(): item for item in found}
        listed = [{"md5": digest(names[name]), "relpath": name} for name in sorted(names)]
        return f"{hashlib.md5(json.dumps(listed).encode(), usedforsecurity=False).hexdigest()}.dir"
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read_event(line: str) -> Event | None:
    for state, pattern in _STATES.items():
        if found := pattern.match(line):
            return Event(found[1], state)
    return None


def _digests(entries: list[dict[str, Any]] | None) -> dict[str, str]:
    return {str(entry["path"]): str(entry["md5"]) for entry in entries or []}


def _explain(said: list[str], root: Path) -> PipelineError:
    message = " ".join(" ".join(said).split()) or "DVC ended without a word."
    if re.search(rf"{re.escape(LOCK)}' (?:is invalid|validation failed)", message):
        return PipelineError(
            f"{LOCK} is not valid; perhaps it holds a merge conflict.",
            where=root / LOCK,
            next_step=f"Settle it, or take the last committed one with: git checkout HEAD -- {LOCK}; then check again.",
        )
    if "lock" in message.lower() and ("acquire" in message.lower() or "busy" in message.lower()):
        return PipelineError(
            "Another DVC process is running in this repo.",
            where=root,
            next_step="Wait until it has ended, then run the command again.",
        )
    absent = re.search(r"No such file or directory: '([^']+)'|missing data '([^']+)'", message)
    if absent:
        return PipelineError(
            "A file that the pipeline reads is missing.",
            where=root / (absent[1] or absent[2]),
            next_step="Put it there, or run `pavedroad data pull` if DVC holds it.",
        )
    missing = re.search(r"Parameters? (.+) (?:is|are) missing from '([^']+)'", message)
    if missing:
        return PipelineError(
            f"{PIPELINE} refers to settings that are not in {missing[2]}: {missing[1]}.",
            where=root / missing[2],
            next_step="Write them there; DVC reruns a stage when a setting it names changes.",
        )
    return PipelineError(f"DVC could not run the pipeline: {message[:500]}", where=root / PIPELINE)
