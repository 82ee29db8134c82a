"""``pavedroad data``: kept data on its way between here and a remote, verified at both ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from pavedroad.cli.options import json_option
from pavedroad.foundation.data.kept import Tell
from pavedroad.foundation.project import Project, find_project
from pavedroad.report import Report

remote_option = click.option("--remote", default="", help="The remote, by its name.  [default: DVC's default remote]")


@click.group()
def data() -> None:
    """Push, pull and verify the data that DVC keeps, without believing what a remote or a cache says.

    DVC keeps large files by their content: git holds small .dvc files and dvc.lock, which name an MD5 each; the content
    lies in .dvc/cache and in a remote that the team shares. Start with:

        dvc remote add --default storage s3://bucket/path
        dvc remote modify storage verify true
        dvc add data/sales.csv && git add data/sales.csv.dvc data/.gitignore
        pavedroad data push
    """


@data.command()
@click.option("--check", is_flag=True, help="Upload nothing; read all of the cache and of the remote: data verify.")
@remote_option
@json_option
def push(check: bool, remote: str, as_json: bool) -> None:
    """Upload what the remote lacks, then read the remote back.

    Every piece that .dvc files and dvc.lock name must be there and match its MD5. What is missing or damaged is
    uploaded again from the cache; what cannot be is named, with exit code 3. Run it as often as you like: what was read
    once and has not been touched since is not read again.
    """
    from pavedroad.stages import data as stage

    _run(partial(stage.verify if check else stage.push, remote=remote), as_json=as_json)


@data.command()
@click.argument("files", nargs=-1)
@remote_option
@json_option
def pull(files: tuple[str, ...], remote: str, as_json: bool) -> None:
    """Bring data that DVC keeps into the work tree: all, or FILES.

    Every piece is verified before anything is written. When one is damaged, or a directory's manifest holds a path
    that leads out of the directory, nothing is laid down and the file is named, with exit code 3. What only the
    pipeline makes and nobody pushed is left to `pavedroad check`.
    """
    from pavedroad.stages import data as stage

    targets = [str(Path.cwd() / file) for file in files]
    _run(partial(stage.pull, targets=targets, remote=remote), as_json=as_json)


@data.command()
@remote_option
@json_option
def verify(remote: str, as_json: bool) -> None:
    """Read everything the repo names, in the cache and in the remote, from the first byte to the last.

    Changes nothing. Finds what became damaged while it lay there, too; every missing or damaged piece is named, with
    exit code 3.
    """
    from pavedroad.stages import data as stage

    _run(partial(stage.verify, remote=remote), as_json=as_json)


def _run(judge: Callable[..., Report], *, as_json: bool) -> None:
    from pavedroad.cli.ending import end_stage
    from pavedroad.stages.runner import run_stage

    project = find_project(Path.cwd())
    with _show_progress(quiet=as_json) as tell:

        def act(here: Project) -> Report:
            return judge(here, tell=tell)

        report = run_stage(project, "data", act)
    end_stage(project, report, as_json=as_json)


@contextmanager
def _show_progress(*, quiet: bool) -> Iterator[Tell]:
    """A bar on a terminal; elsewhere one line for each thing that is begun."""
    if quiet:
        yield lambda *_: None
        return
    if not sys.stderr.isatty():
        begun: set[str] = set()

        def say(what: str, _done: int, of: int) -> None:
            if what not in begun:
                begun.add(what)
                click.echo(f"… {what}{f' ({of:,})' if of > 1 else ''}", err=True)

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("…", total=None)
        yield lambda what, done, of: progress.update(task, description=what, completed=done, total=of)
