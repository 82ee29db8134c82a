"""Setting up and looking after a repo: ``pavedroad new`` and ``pavedroad doctor``."""

from pathlib import Path

import click

from pavedroad.cli.console import print_json, set_aside
from pavedroad.cli.ending import end_stage
from pavedroad.cli.options import json_option
from pavedroad.errors import UsageError
from pavedroad.foundation.project import find_project


@click.command()
@click.argument("answers", nargs=-1, metavar="[QUESTION=ANSWER]...")
@click.option(
    "--template", help="A folder, or an address such as gh:org/pavedroad.  [default: the one of this version]"
)
@click.option("--checkout", help="A tag, branch or commit of the template.")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where the repo goes.")
@click.option("--no-input", is_flag=True, help="Ask nothing; take the defaults and the answers given.")
@json_option
def new(
    answers: tuple[str, ...],
    template: str | None,
    checkout: str | None,
    into: Path,
    no_input: bool,
    as_json: bool,
) -> None:
    """Generate a repo that drives on the road.

    Asks a few questions; each can be answered on the command line, for example:

        pavedroad new project="Umbrella sales" data=sales.csv target=sold
    """
    from pavedroad.foundation.template import find_template, load_template_engine

    given = {}
    for item in answers:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(f"{item!r} is not an answer.", next_step="Write question=answer, e.g. target=sold.")
        given[name] = value
    with set_aside(wanted=as_json):  # the template's hooks tell people how to go on
        made = load_template_engine().generate(
            template or find_template(), checkout=checkout, folder=into, answers=given, ask=not (no_input or as_json)
        )
    if as_json:
        print_json({"repo": str(made)})
    else:
        click.echo(f"Repo: {made}")


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Find out what keeps this repo from the road, and how to mend it. Nothing is run and nothing is changed."""
    from pavedroad.stages.doctor import doctor as examine

    project = find_project(Path.cwd())
    end_stage(project, examine(project), as_json=as_json)
