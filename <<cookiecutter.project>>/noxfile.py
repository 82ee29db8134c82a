"""The repo's commands, the same on a laptop and in CI: ``nox``, ``nox -s tests`` and ``nox -s lint``.

Everything runs in the one environment that ``uv.lock`` describes, so a verdict cannot depend on the machine.
"""

import shutil
from pathlib import Path

import nox

nox.options.sessions = ["check"]
nox.options.default_venv_backend = "none"


@nox.session
def check(session: nox.Session) -> None:
    """Validate the data, train, evaluate, look for drift, package and judge; see reports/report.html."""
    run(session, "pavedroad", "check", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test your own functions."""
    run(session, "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes, untidy code, and workflows in which the gate could be skipped."""
    run(session, "ruff", "check", ".")
    run(session, "ruff", "format", "--check", ".")
    run(session, "pavedroad", "lint", "workflows")


def run(session: nox.Session, *command: str) -> None:
    """Run a command in the locked environment, which uv brings up to date first."""
    if shutil.which("uv") is None:
        session.error("uv is missing. Install it with: pipx install uv")
    if not Path("uv.lock").exists():
        session.error("uv.lock is missing. Make it, and commit it, with: uv lock")
    session.run("uv", "run", "--locked", *command, external=True)
