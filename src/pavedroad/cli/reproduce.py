"""``pavedroad reproduce``: make a package again from where it comes from, and compare."""

from functools import partial
from pathlib import Path

import click

from pavedroad.cli.console import set_aside
from pavedroad.cli.ending import end_stage
from pavedroad.cli.options import json_option
from pavedroad.foundation.project import find_project
from pavedroad.stages.runner import run_stage


@click.command()
@click.argument("package", type=click.Path(path_type=Path), default=Path("package"))
@click.option("--commit", "revision", default="", help="The commit to make it from; else the one its lineage leads to.")
@json_option
def reproduce(package: Path, revision: str, as_json: bool) -> None:
    """Make a package again and compare every file of it: model, metrics, card and all.

    The commit that its lineage leads to is laid into a temporary folder and walks the road there, without any cache.
    The exit code says whether model and metrics are the same; the report says what differs and why.
    """
    from pavedroad.stages.reproduce import reproduce as make_again

    project = find_project(Path.cwd())

    def watch(doing: str) -> None:
        if not as_json:
            click.echo(f"… {doing}")

    with set_aside(wanted=as_json):
        judge = partial(make_again, folder=package.absolute(), revision=revision, watch=watch)
        report = run_stage(project, "reproduce", judge)
    end_stage(project, report, as_json=as_json)
