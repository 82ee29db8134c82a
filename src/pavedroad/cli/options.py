"""Options that every verb has."""

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, errors included.")
"""One document on standard output and nothing else there."""
