"""Writing the evidence for people: one page and one Markdown text, from the reports alone."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.options import json_option
from pavedroad.foundation.project import Project, find_project
from pavedroad.report import Report, encode, write_whole

PAGE, TEXT, SEAL = "report.html", "report.md", "run/rendered.json"


@click.command()
@json_option
def report(as_json: bool) -> None:
    """Write reports/report.html and reports/report.md from the reports of the last run.

    The page loads nothing from anywhere, so it can be sent as it is.
    """
    from pavedroad.stages.gate import collect_reports

    project = find_project(Path.cwd())
    page = write_pages(project, collect_reports(project))
    if as_json:
        print_json({"page": str(page), "markdown": str(project.reports / TEXT)})
    else:
        click.echo(f"Report: {page}")


def write_pages(project: Project, reports: Sequence[Report]) -> Path:
    """Write the page and the Markdown, unless they already show exactly these reports.

    Returns:
        Where the page lies.
    """
    page, text, seal = (project.reports / name for name in (PAGE, TEXT, SEAL))
    shown = encode({"reports": _fingerprint(reports)})
    if page.is_file() and text.is_file() and seal.is_file() and seal.read_bytes() == shown:
        return page
    html, markdown = load_writers()
    seal.unlink(missing_ok=True)
    write_whole(page, html.to_html(reports).encode())
    write_whole(text, markdown.to_markdown(reports).encode())
    write_whole(seal, shown)
    return page


def load_writers() -> tuple[ModuleType, ModuleType]:
    """Load what writes the page and the Markdown, which takes a moment."""
    from pavedroad.render import html, markdown

    return html, markdown


def _fingerprint(reports: Sequence[Report]) -> str:
    """A hash of what is shown and of who draws it, but for the moment at which the gate decided the same again."""
    from importlib.metadata import version

    import msgspec

    decided = [msgspec.structs.replace(item, run=None) if item.stage == "gate" else item for item in reports]
    commit = next((item.run.commit for item in reports if item.stage == "gate" and item.run), None)
    return hashlib.sha256(msgspec.json.encode(decided) + f"{commit or ''} {version('pavedroad')}".encode()).hexdigest()
