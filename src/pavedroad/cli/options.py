"""Options that every verb has."""

import click

base_option = click.option(
    "--base",
    default="",
    envvar="PAVEDROAD_BASE",
    help="The revision this change is made for, e.g. origin/main: its policy counts, its model is the champion.  "
    "[default: where this branch left the default branch]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, errors included.")
"""One document on standard output and nothing else there."""
