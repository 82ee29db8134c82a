"""``pavedroad export``: the packed model in another format, proven to answer the same."""

from functools import partial
from pathlib import Path

import click

from pavedroad.cli.console import set_aside
from pavedroad.cli.ending import end_stage
from pavedroad.cli.options import json_option
from pavedroad.foundation.project import find_project
from pavedroad.stages.runner import run_stage


@click.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), default=Path("model.onnx"))
@json_option
def export(target: Path, as_json: bool) -> None:
    """Write the packed model as ONNX, for places that have no Python.

    Both models are asked about the held-out rows; one that answers otherwise is not written. It takes what the repo's
    own features function makes, not the raw table.
    """
    from pavedroad.stages.export import export as write

    project = find_project(Path.cwd())
    with set_aside(wanted=as_json):
        report = run_stage(project, "export", partial(write, target=target.absolute(), to="onnx"))
    end_stage(project, report, as_json=as_json)
