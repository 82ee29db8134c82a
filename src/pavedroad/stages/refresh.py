"""Refreshing the data: the repo's own function or command rewrites the tables that ``[data]`` names."""

import contextlib
import subprocess
from collections.abc import Callable

from pavedroad.errors import UsageError, UserCodeError
from pavedroad.foundation.data import hash_file
from pavedroad.foundation.pipeline import Event
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode import call, load_function

Hashes = dict[str, str]


def refresh(project: Project, watch: Callable[[Event], None]) -> None:
    """Run what ``[data] refresh`` names, in the repo's folder; nothing, when it names nothing.

    Raises:
        UserCodeError: the function raised, or the command is missing or ended with another code than 0.
    """
    how = project.config.data.refresh
    if not how:
        return
    watch(Event("refresh", "running"))
    if isinstance(how, str):
        function = load_function(project, how)
        with contextlib.chdir(project.root):
            call(project, how, function)
        return
    try:
        done = subprocess.run(  # noqa: S603 - the repo's own command, word by word, no shell
            how,
            cwd=project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise UserCodeError(
            f"data.refresh cannot be run: {error.strerror}: {how[0]!r}.", where=project.root / "pavedroad.toml"
        ) from error
    for line in done.stdout.splitlines():
        watch(Event("refresh", text=line))
    if done.returncode:
        raise UserCodeError(
            f"data.refresh ended with exit code {done.returncode}.",
            where=project.root / "pavedroad.toml",
            next_step=f"See what it says when you run it yourself: {' '.join(how)}",
        )


def hash_tables(project: Project) -> Hashes:
    """The tables that ``[data]`` names, by content.

    Raises:
        UsageError: a table is kept by DVC, whose remote a retraining cannot write yet.
    """
    tables = [name for name in (project.config.data.train, project.config.data.current) if name]
    for name in tables:
        if (project.root / f"{name}.dvc").is_file():
            raise UsageError(
                f"{name} is kept by DVC, and a retraining can propose only tables that git holds.",
                next_step="Refresh it by hand: change the table, `dvc add` and `dvc push` it, and open a pull request.",
            )
    return {name: hash_file(project.root / name) for name in tables if (project.root / name).is_file()}
