"""``pavedroad lint``: what could let a gate be skipped without anybody noticing."""

from pathlib import Path

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.options import json_option
from pavedroad.errors import ExitCode, UsageError

WHERE = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    "actions/*/action.y*ml",
    ".github/actions/*/action.y*ml",
)


@click.group()
def lint() -> None:
    """Look for ways to skip a gate."""


@lint.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@json_option
def workflows(paths: tuple[Path, ...], as_json: bool) -> None:
    """Find what lets a workflow go on although its gate said no, or never ran.

    PATHS are workflows, composite actions or folders of them; without any, those of this repository. Each finding says
    where it is, what happens and how to mend it. To accept one, write on its line or the line above:
    `# gate-lint: allow <id> because <reason>`.
    """
    from pavedroad.foundation.workflows.gatelint import lint_workflow
    from pavedroad.foundation.workflows.workflow import read_workflow
    from pavedroad.render import words

    files = _collect(paths)
    found = [finding for file in files for finding in lint_workflow(read_workflow(file))]
    if as_json:
        import msgspec

        print_json({"files": [str(file) for file in files], "findings": msgspec.to_builtins(found)})
    else:
        for item in found:
            click.echo(f"{words.clean(item.file)}:{item.line}: {item.pattern}: {words.clean(item.what)}")
            click.echo(f"    {item.fix}")
        click.echo(f"{words.plural(len(found), 'finding')} in {words.plural(len(files), 'file')}.")
    click.get_current_context().exit(int(ExitCode.NO if found else ExitCode.OK))


def _collect(paths: tuple[Path, ...]) -> list[Path]:
    """The files to look at; that there is none is no reason to be content."""
    files: list[Path] = []
    for path in paths or (Path(),):
        if path.is_dir():
            patterns = WHERE if not paths else (*WHERE, "*.yml", "*.yaml")
            files += sorted({file for pattern in patterns for file in path.glob(pattern)})
        elif path.is_file():
            files.append(path)
        else:
            raise UsageError("There is nothing at this path.", where=path)
    if not files:
        raise UsageError(
            "There is no workflow here, so nothing could be judged.",
            next_step="Change into the repository's root, or name the files: pavedroad lint workflows FILE …",
        )
    return list(dict.fromkeys(files))
