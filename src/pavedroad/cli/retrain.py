"""``pavedroad retrain`` and ``pavedroad propose``: a new model from new data, and the pull request that asks for it."""

from pathlib import Path

import click

from pavedroad.cli.console import EXIT_CODES, print_json, print_stage
from pavedroad.cli.host import current, tell_retraining
from pavedroad.cli.options import json_option
from pavedroad.errors import ExitCode, UsageError
from pavedroad.foundation.project import find_project


@click.command()
@click.option(
    "--proposal",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that a winning model's files and reports are laid into.  [default: none]",
)
@json_option
def retrain(proposal: Path | None, as_json: bool) -> None:
    """Refresh the data, take the road, and judge the new model against the one that the branch holds.

    Runs what [data] refresh names. The new model wins when the road says yes to it and it is better than the old one
    on the same rows with its whole confidence interval; its files are then left in the work tree, and nothing is
    committed. Otherwise nothing changes. The exit code is 1 when the road says no to the new data.
    """
    from rich.console import Console

    from pavedroad.cli.driving import Progress
    from pavedroad.stages.retrain import lay_proposal
    from pavedroad.stages.retrain import retrain as do_retrain

    project = find_project(Path.cwd())
    with Progress(Console(highlight=False, stderr=as_json), quiet=as_json) as progress:
        done = do_retrain(project, progress.watch)
    if proposal is not None and done.decision == "propose":
        lay_proposal(project, done, proposal.resolve())
    if as_json:
        print_json({"decision": done.decision, "reports": done.reports})
    else:
        print_stage(done.report)
        click.echo(f"Decision: {done.decision}.")
    tell_retraining(project, done.decision, done.reports)
    code = EXIT_CODES[done.report.outcome] if done.decision == "refuse" else ExitCode.OK
    click.get_current_context().exit(int(code))


@click.command()
@click.option(
    "--proposal",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder that `pavedroad retrain` laid the winning model's files into; it may come from anywhere.",
)
@json_option
def propose(proposal: Path, as_json: bool) -> None:
    """Open a pull request with what a retraining proposes, or bring the open one up to date.

    Runs no code of the repo and takes nothing from the folder but the data, dvc.lock and the metrics.
    """
    from pavedroad.render.markdown import to_markdown
    from pavedroad.stages.propose import propose as do_propose

    host = current()
    if host is None:
        raise UsageError(
            "A pull request is opened by a workflow, and there is none around this command.",
            next_step="On a laptop, commit what `pavedroad retrain` left, and push it.",
        )
    made = do_propose(find_project(Path.cwd()), proposal.resolve(), host, to_markdown)
    number, said = ("", "nothing") if made is None else (str(made.number), made.said)
    host.set_outputs({"number": number, "said": said})
    if as_json:
        print_json({"number": number, "said": said})
    else:
        click.echo(f"Pull request: {number or 'none'} ({said}).")
