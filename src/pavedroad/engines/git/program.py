"""git itself, as every module here calls it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def run_git(
    root: Path, *words: str, environment: Mapping[str, str] | None = None, seconds: float | None = None
) -> bytes:
    """Run git in a folder to its end and give what it printed; it asks nobody anything.

    Args:
        root: the folder.
        words: git's arguments.
        environment: variables beside those of this process.
        seconds: how long it may take; None: as long as it likes.

    Raises:
        OSError: git is missing.
        subprocess.CalledProcessError: git said no; ``stderr`` holds its words, as bytes.
        subprocess.TimeoutExpired: it took too long.
    """
    done = subprocess.run(  # noqa: S603 - a fixed program, word by word, no shell
        ["git", "-C", str(root), *words],  # noqa: S607 - git is found on PATH, as everywhere
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(environment or {})},
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=seconds,
    )
    return done.stdout
