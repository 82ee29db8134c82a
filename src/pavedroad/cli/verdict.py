"""``pavedroad verdict``: whether the record of the gate's yes covers exactly what is here."""

import re
from pathlib import Path

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.options import json_option
from pavedroad.errors import UsageError
from pavedroad.foundation.project import find_project
from pavedroad.render import words

SEAL = re.compile(r"[0-9a-f]{64}")


@click.command()
@click.option(
    "--max-age-hours", type=click.FloatRange(min=0, min_open=True), default=168.0, show_default=True,
    help="How old the verdict may be.",
)  # fmt: skip
@click.option(
    "--used", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the seals of verdicts that were acted upon already, one a line; none of them counts again.",
)  # fmt: skip
@json_option
def verdict(max_age_hours: float, used: Path | None, as_json: bool) -> None:
    """Verify that the gate said yes to exactly the package, data, policy and commit that are here.

    This is what to run before a model goes anywhere. The record is reports/run/verdict.json; it is refused when it was
    edited, is about other bytes or another commit, was given over changes that no commit holds, is too old, or was used
    before. Every byte of the package is read again.
    """
    from pavedroad.stages.verdict import require_verdict

    seals = frozenset() if used is None else _read_seals(used)
    found = require_verdict(find_project(Path.cwd()), used=seals, max_age_hours=max_age_hours)
    if as_json:
        print_json(found)
        return
    click.echo(f"✓ {words.clean(found.summary)}")
    for name, value in (
        ("package", found.package), ("data", found.data), ("policy", found.policy), ("commit", found.commit),
        ("road", found.road), ("given", found.time), ("waivers", ", ".join(found.waivers) or "none"),
        ("seal", found.seal),
    ):  # fmt: skip
        click.echo(f"  {name:<8} {words.clean(value)}")


def _read_seals(path: Path) -> frozenset[str]:
    """The seals of a file.

    Raises:
        UsageError: a line is no seal; a damaged list would let a verdict count twice.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not a list of seals.", next_step="It holds one seal a line.") from error
    strange = next((number for number, line in enumerate(lines, start=1) if line and not SEAL.fullmatch(line)), None)
    if strange is not None:
        raise UsageError(
            f"Line {strange} of {path.name} is not the seal of a verdict.",
            next_step="A seal is 64 hexadecimal digits; pavedroad verdict prints it.",
        )
    return frozenset(filter(None, lines))
