"""Training by a script of the repo's own, as it stands: it sees the repo with the training rows alone in the table."""

import contextlib
import os
import shutil
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError, UserCodeError
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.command import Command

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = {".git", ".dvc", ".venv", "venv", ".nox", ".tox", "node_modules", "__pycache__", ".pavedroad"}
"""Folders that a script does not need, wherever they lie."""
MADE_BY_THE_ROAD = {"reports", "model", "package"}
LARGE = 64 * 1024**2
"""A file of more bytes than this is linked to instead of copied."""
HOLDOUT = "PAVEDROAD_HOLDOUT"
"""The environment variable that tells a script where the rows lie that it is to predict."""
DECLARED = {"artifact": "model", "predictions": "predictions", "metrics": "metrics"}
"""The settings that name what a script writes, each with what that is in words."""
_TABLES = (".csv", ".parquet")
_LAST_LINES = 8


@contextlib.contextmanager
def run_script(
    project: Project, training: "pd.DataFrame", asked: "pd.DataFrame | None" = None
) -> Iterator[dict[str, Path]]:
    """Run ``model.command`` and give the files it wrote by the settings that name them; they are gone at the end.

    The command runs in a copy of the repo. In it the training table holds the training rows alone and the holdout file
    is missing, so the script cannot learn from what it is judged on. ``python`` is the road's own. What the script
    prints is passed on.

    Args:
        project: the repo.
        training: the rows to learn from.
        asked: the rows to predict, without their target, when it is to write predictions instead of a model. They lie
            in the place of the holdout file, or beside the training table as ``<its name>.holdout<its suffix>``; the
            variable ``PAVEDROAD_HOLDOUT`` names the file.

    Raises:
        ConfigError: the training table is not a single CSV or Parquet file.
        UserCodeError: the command is missing, failed or took too long, or did not write a file.
    """
    data = project.config.data
    wanted = {key: str(named) for key in DECLARED if (named := getattr(project.config.model, key))}
    table = project.root / data.train
    if table.suffix not in _TABLES or not table.is_file():
        raise ConfigError(
            f"A script can be given the rows of a single CSV or Parquet file only, and {data.train!r} is none.",
            where=project.root / "pavedroad.toml",
        )
    with tempfile.TemporaryDirectory(prefix="pavedroad-script-") as scratch:
        folder = Path(scratch) / project.root.name
        hidden = {table, *([project.root / data.holdout_file] if data.holdout_file else [])}
        _copy(project.root, folder, hidden)
        given = folder / data.train
        given.parent.mkdir(parents=True, exist_ok=True)
        _write(training, given)
        environment = dict(os.environ)
        if asked is not None:
            place = folder / (data.holdout_file or given.relative_to(folder).with_stem(f"{given.stem}.holdout"))
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(asked, place)
            environment[HOLDOUT] = str(place)
        made = {key: folder / path for key, path in wanted.items()}
        for path in made.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # one from before says nothing of these rows
        _run(project, folder, environment)
        for key, path in made.items():
            if path.is_symlink() or not path.is_file():
                raise UserCodeError(
                    f"The command ended well, but it did not write {wanted[key]!r}.",
                    where=project.root / "pavedroad.toml",
                    next_step=f"Let it write its {DECLARED[key]} there, or correct model.{key}.",
                )
        yield made


def _write(table: "pd.DataFrame", path: Path) -> None:
    if path.suffix.lower() == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False, write_page_checksum=True)


def find_files(project: Project) -> list[str]:
    """The files of the repo that the command names, by their paths in it."""
    return [
        word for word in project.config.model.words if (project.root / word).is_file() and not Path(word).is_absolute()
    ]


def _copy(root: Path, folder: Path, hidden: set[Path]) -> None:
    def leave_out(where: str, names: list[str]) -> set[str]:
        at_top = MADE_BY_THE_ROAD if Path(where) == root else set()
        return {name for name in names if name in LEFT_OUT | at_top or Path(where) / name in hidden}

    def copy(source: str, target: str) -> str:
        if Path(source).stat().st_size > LARGE:
            Path(target).symlink_to(source)
            return target
        return shutil.copy2(source, target)

    shutil.copytree(root, folder, symlinks=True, ignore=leave_out, copy_function=copy)


def _run(project: Project, folder: Path, environment: dict[str, str]) -> None:
    """Run the command to its end, passing on what it prints; its whole group of processes ends with it."""
    words, seconds = list(project.config.model.words), project.config.model.timeout
    shown = " ".join(words)
    if words[0] in {"python", "python3"}:
        words[0] = sys.executable
    try:
        command = Command(words, folder, environment=environment)
    except OSError as error:
        raise UserCodeError(
            f"model.command cannot be run: {error.strerror}: {words[0]!r}.", where=project.root / "pavedroad.toml"
        ) from error
    late = threading.Event()

    def stop() -> None:
        late.set()
        command.stop()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        for line in command.lines():
            sys.stdout.write(f"{line}\n")
            last.append(line.strip()[:300])
        code = command.wait()
    finally:
        timer.cancel()
        command.stop()  # and what it has left running
    if late.is_set():
        raise UserCodeError(f"The command took longer than the {seconds:,} seconds of model.timeout: {shown}.")
    if code:
        said = next((line for line in reversed(last) if line), "it said nothing")
        raise UserCodeError(
            f"The command ended with exit code {code}: {said.rstrip('.')}.",
            where=project.root / "pavedroad.toml",
            next_step=f"See what it says when you run it yourself: {shown}",
        )
