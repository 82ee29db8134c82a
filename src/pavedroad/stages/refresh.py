"""Refreshing the data: the repo's own function or command rewrites the tables that ``[data]`` names."""

import contextlib
from collections.abc import Callable

from pavedroad.errors import UsageError, UserCodeError
from pavedroad.foundation.data.kept import load_keeper
from pavedroad.foundation.data.tables import hash_file
from pavedroad.foundation.pipeline import Event, load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.command import Command
from pavedroad.foundation.usercode.functions import call, load_function

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
        command = Command(how, project.root)
    except OSError as error:
        raise UserCodeError(
            f"data.refresh cannot be run: {error.strerror}: {how[0]!r}.", where=project.root / "pavedroad.toml"
        ) from error
    for line in command.lines():
        watch(Event("refresh", text=line))
    code = command.wait()
    if code:
        raise UserCodeError(
            f"data.refresh ended with exit code {code}.",
            where=project.root / "pavedroad.toml",
            next_step=f"See what it says when you run it yourself: {' '.join(how)}",
        )


def list_tables(project: Project) -> list[str]:
    """The tables that ``[data]`` names, by their path in the repo."""
    data = project.config.data
    return [name for name in (data.train, data.current) if name]


def list_kept(project: Project) -> list[str]:
    """The tables that DVC keeps: git holds a ``.dvc`` file that names their content."""
    return [name for name in list_tables(project) if (project.root / f"{name}.dvc").is_file()]


def list_proposed(project: Project) -> list[str]:
    """The files by which git holds the tables: the table itself, or the ``.dvc`` file of one that DVC keeps."""
    kept = list_kept(project)
    return [f"{name}.dvc" if name in kept else name for name in list_tables(project)]


def bring_tables(project: Project) -> None:
    """Have every table here as a file that may be rewritten.

    Raises:
        UsageError: a table is no single file, there is no remote to push a new one to, or it cannot be read here.
        DataError: what the remote holds is damaged.
    """
    for name in list_tables(project):
        if (project.root / name).is_dir() or any(character in name for character in "*?["):
            raise UsageError(
                f"{name} is not one file, and a retraining can propose only tables that are.",
                next_step="Refresh it by hand, and open a pull request with it.",
            )
    kept = list_kept(project)
    if not kept:
        return
    if not load_keeper().find_remote(project.root):
        raise UsageError(
            f"{kept[0]} is kept by DVC, and there is no remote that a refreshed one could be pushed to.",
            next_step="Name one with `dvc remote add --default storage <address>` and "
            "`dvc remote modify storage verify true`, or let git hold the table.",
        )
    pipeline = load_pipeline()
    away = pipeline.find_kept_elsewhere(project.root, kept)
    reason = (pipeline.fetch(project.root, away) if away else "") or pipeline.release(project.root, kept)
    if reason:
        raise UsageError(
            f"{kept[0]} is kept by DVC and cannot be had here: {reason}",
            next_step="Retrain where the remote can be read and written, and open a pull request from there.",
        )


def hash_tables(project: Project) -> Hashes:
    """The tables that are here, by content."""
    return {name: hash_file(project.root / name) for name in list_tables(project) if (project.root / name).is_file()}
