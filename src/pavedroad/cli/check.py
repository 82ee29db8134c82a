"""``pavedroad check``: the whole road, with progress, a verdict and the page that shows why."""

from pathlib import Path

import click

from pavedroad.cli.options import base_option, json_option
from pavedroad.foundation.project import find_project
from pavedroad.stages.base import find_base
from pavedroad.stages.start import start


@click.command()
@base_option
@json_option
def check(base: str, as_json: bool) -> None:
    """Take this repo down the whole road: validate, train, evaluate, drift, package, latency, gate, report.

    What did not change is not run again. The verdict is printed, the page that explains it lies in reports/report.html,
    and the exit code says the verdict: 0 yes, 1 no, 2 wrong configuration, 3 could not judge.
    """
    project = find_project(Path.cwd())
    base = find_base(project, base)  # an unknown one is said before anything long is begun
    running = start(project)
    from pavedroad.stages.timing import Timing  # these are read while the pipeline gets going

    timing = Timing(project)
    from pavedroad.cli.driving import drive

    drive(project, running, timing, base=base, as_json=as_json)
