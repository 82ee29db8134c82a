"""``pavedroad suite``: suites of expectations."""

from pathlib import Path

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.options import json_option
from pavedroad.foundation.project import find_project


@click.group()
def suite() -> None:
    """Make a suite of expectations from the data, lint it, and see how the data moved since."""


@suite.command()
@click.option("--data", type=click.Path(path_type=Path), help="The table.  [default: the training table]")
@click.option("--out", type=click.Path(path_type=Path), help="The suite.  [default: the one pavedroad.toml names]")
@click.option("--force", is_flag=True, help="Replace a suite that is there already.")
@json_option
def init(data: Path | None, out: Path | None, force: bool, as_json: bool) -> None:
    """Write a first suite from what the data looks like, with the reason beside every bound.

    The bounds are conservative: the table passes, and so does one that is much like it. Review them; you know what is
    impossible. Running it again on the same table changes nothing.
    """
    from pavedroad.stages.suite import write_first_suite

    project = find_project(Path.cwd())
    table = project.root / project.config.data.train if data is None else data.resolve()
    path = project.root / project.config.validation.suite if out is None else out.resolve()
    count, written = write_first_suite(project, table, path, force=force)
    if as_json:
        print_json({"suite": str(path), "expectations": count, "written": written})
    else:
        click.echo(f"{path}: {count} expectations, {'written' if written else 'unchanged'}.")


@suite.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@json_option
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Lint suites: JSON, keys, types, arguments, duplicates, expectations that could never fail.

    Without FILES, the suite that pavedroad.toml names. No data is read. Tells which engine would judge how many.
    """
    from collections import Counter

    from pavedroad.foundation.validation.judging import lint_suite, load_project_suite

    project = find_project(Path.cwd())
    found = {}
    for path in files or (project.root / project.config.validation.suite,):
        engines = Counter(lint_suite(project.config.validation.engine, load_project_suite(project, path)).values())
        found[str(path)] = dict(engines)
        if not as_json:
            told = ", ".join(f"{count} for {name}" for name, count in engines.most_common())
            click.echo(f"{path}: {sum(engines.values())} expectations ({told}).")
    if as_json:
        print_json({"suites": found})


@suite.command()
@click.option("--data", type=click.Path(path_type=Path), help="The table.  [default: the training table]")
@json_option
def diff(data: Path | None, as_json: bool) -> None:
    """Show how the data's profile moved since the suite was written, number by number."""
    from pavedroad.foundation.validation.judging import Limits
    from pavedroad.render import words
    from pavedroad.stages.suite import find_moves

    project = find_project(Path.cwd())
    table = project.root / project.config.data.train if data is None else data.resolve()
    config = project.config.validation
    limits = Limits(threads=config.threads, memory=config.memory_limit)
    moves = find_moves(table, project.root / config.suite, limits)
    if as_json:
        print_json({"moves": [{"column": m.column, "what": m.what, "before": m.before, "now": m.now} for m in moves]})
        return
    for move in moves:
        place = f"{words.clean(move.column)}: " if move.column else ""
        click.echo(f"{place}{move.what} {words.words(move.before)} → {words.words(move.now)}")
    click.echo(f"{len(moves)} numbers moved since the suite was written." if moves else "Nothing has moved.")
