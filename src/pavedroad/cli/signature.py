"""``pavedroad signature``: vouch for a package with a key, and verify who did."""

import os
from pathlib import Path

import click

from pavedroad.cli.console import print_json
from pavedroad.cli.options import json_option
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.signature import Statement
from pavedroad.foundation.package.signature import sign as sign_package
from pavedroad.foundation.package.signature import verify as verify_package
from pavedroad.foundation.project import find_project
from pavedroad.render import words

PASSWORD = "PAVEDROAD_KEY_PASSWORD"  # noqa: S105 - the name of the variable
_package = click.argument("package", type=click.Path(path_type=Path), default=Path("package"))
_key = click.option("--key", required=True, type=click.Path(path_type=Path), help="The key, a file in PEM.")


@click.group()
def signature() -> None:
    """Vouch for a package with a key of your own, and verify who did; no server is asked."""


@signature.command()
@_package
@_key
@click.option("--version", required=True, help="The version to sign it under, for example 1.4.0.")
@json_option
def make(package: Path, key: Path, version: str, as_json: bool) -> None:
    """Sign a package's name, version and digest with a private key on an elliptic curve.

    The password of an encrypted key is read from PAVEDROAD_KEY_PASSWORD.
    """
    _tell(sign_package(open_package(package), version, key, os.environ.get(PASSWORD)), "signed", as_json=as_json)


@signature.command()
@_package
@_key
@click.option("--name", default="", help="The name it must be signed under; else that of this repo.")
@click.option("--version", default="", help="The version it must be signed under; else any.")
@json_option
def check(package: Path, key: Path, name: str, version: str, as_json: bool) -> None:
    """Verify every byte of a package and, by a public key, who vouches for it."""
    name = name or find_project(Path.cwd()).config.project.name
    _tell(verify_package(open_package(package), key, name, version), "verified", as_json=as_json)


def _tell(statement: Statement, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(statement)
        return
    click.echo(f"✓ {words.clean(statement.name)} {words.clean(statement.version)} {done}  {statement.package[:12]}")
