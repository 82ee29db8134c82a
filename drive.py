"""Start this project's commands on a machine that has only Python: `python3 drive.py demo`.

A distribution's Python refuses `pip install` outside a virtual environment, and a new machine has no nox. So this
script makes an environment of its own under `.nox/`, installs nox and uv there from the lock with hashes, and hands
over. Everything after the session's name goes to nox; `python3 drive.py` alone lists the sessions.
"""

from __future__ import annotations  # An older Python must get as far as the message that says so.

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements" / "nox.txt"
OLDEST = (3, 11)
# Settings of the user's shell that would send packages or imports somewhere else.
STRAY = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")


def main(arguments: list[str]) -> int:
    """Make the environment if it is not there, run nox in it, and return nox's exit code."""
    problem = find_problem()
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    environment = {name: value for name, value in os.environ.items() if name not in STRAY}
    try:
        python = prepare(environment)
    except subprocess.CalledProcessError as failure:
        print(
            f"error: nox could not be installed (exit code {failure.returncode}).\n"
            "Read pip's message above; then run the same command again. Nothing has to be cleaned up.",
            file=sys.stderr,
        )
        return 2
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    command = [str(python), "-m", "nox", *to_nox(arguments)]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130


def find_problem() -> str | None:
    """Return what this machine lacks, with the command that adds it, or nothing."""
    if sys.version_info < OLDEST:
        return (
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]} ({sys.executable})."
        )
    if os.name != "posix":
        return "Windows is not supported directly: use the Windows Subsystem for Linux (`wsl --install`)."
    if shutil.which("git") is None:
        return "git is not installed. On Debian or Ubuntu: sudo apt install git"
    if not has_module("ensurepip") and not has_module("pip"):
        return "This Python has neither venv nor pip. On Debian or Ubuntu: sudo apt install python3-venv"
    return None


def has_module(name: str) -> bool:
    """Tell whether a module can be imported, without importing it."""
    return importlib.util.find_spec(name) is not None


def prepare(environment: dict[str, str]) -> Path:
    """Return the Python of an environment that holds the locked nox, making it first if it is not there.

    Raises:
        subprocess.CalledProcessError: The environment could not be made; the program's own message is on the screen.
    """
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode() + sys.executable.encode()).hexdigest()[:12]
    folder = ROOT / ".nox" / f"drive-{key}"
    python = folder / "bin" / "python"
    # Written last, so that an interrupted installation is begun again.
    finished = folder / "finished"
    if finished.exists():
        return python
    print("Installing nox and uv into .nox/ (once, a few seconds) …", flush=True)
    install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(LOCK)]
    if has_module("ensurepip"):
        run([sys.executable, "-m", "venv", "--clear", str(folder)], environment)
        run([str(python), "-m", "pip", *install], environment)
    else:
        # Debian's python3-pip without python3-venv: the system's pip may fill an environment that is not its own.
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], environment)
        run([sys.executable, "-m", "pip", "--python", str(python), *install], environment)
    finished.touch()
    return python


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a program to its end; a failure raises."""
    subprocess.run(command, env=environment, check=True)


def to_nox(arguments: list[str]) -> list[str]:
    """Turn `demo …` into `--session demo …`; options go to nox as they are, and nothing at all asks for the list."""
    if not arguments:
        return ["--list"]
    if arguments[0].startswith("-"):
        return list(arguments)
    return ["--session", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
