"""``pavedroad comment``: the verdict, below the pull request that it is about."""

import hashlib
from pathlib import Path

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.host import current
from pavedroad.cli.options import json_option
from pavedroad.errors import ForgeError, UsageError
from pavedroad.foundation.forge.host import Annotation, Host


@click.command()
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="The folder with the reports; it may come from anywhere.",
)
@click.option("--repo", default=".", show_default=True, help="Which repo of a checkout with several this is about.")
@json_option
def comment(reports: Path, repo: str, as_json: bool) -> None:
    """Keep one comment with the verdict below the pull request that this run judges.

    The reports are treated as hostile: their size, their form and every text in them. On a pull request from a fork
    nothing is written, because the run may not; the job's summary holds the same verdict.
    """
    host = current()
    if host is None:
        raise UsageError(
            "A comment needs a pull request, and there is none around this command.",
            next_step="On a laptop, read the verdict with: pavedroad report.",
        )
    said, why = _say(host, reports, repo)
    host.set_outputs({"said": said})
    if why:
        host.annotate([Annotation("notice", "The verdict was not written as a comment", why)], Path.cwd())
    if as_json:
        print_json({"said": said, "why": why})
    else:
        click.echo(f"Comment: {said}. {why}".strip())


def _say(host: Host, folder: Path, repo: str) -> tuple[str, str]:
    """Write the comment; what was done, and why nothing was."""
    from pavedroad.render.markdown import to_markdown
    from pavedroad.stages.evidence import read_evidence

    change = host.find_change()
    if change is None:
        return "nothing", "This run judges no pull request."
    if not change.own:
        return "nothing", "The pull request comes from a fork, whose run may not write. See the summary of the check."
    text = to_markdown(read_evidence(folder))
    address = host.run_url()
    try:
        return host.open_forge().say(change.number, name_mark(repo), f"{text}\n<sub>[This run]({address})</sub>\n"), ""
    except ForgeError as error:
        if error.refused:
            return "nothing", f"{error.what} {error.next_step} The summary of the check holds the verdict."
        raise


def name_mark(repo: str) -> str:
    """What our comment begins with, so that the next run finds it; readers do not see it."""
    return f"<!-- pavedroad verdict {hashlib.sha256(repo.encode()).hexdigest()[:12]} -->"
