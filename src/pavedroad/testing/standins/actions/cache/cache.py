"""Keep one folder between runs, as far as ``actions/cache`` does it for us. The standard library only."""

import hashlib
import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    """``restore`` or ``save`` the folder WANTED under KEY."""
    state = Path(os.environ["PAVEDROAD_STATE"], "caches")
    state.mkdir(parents=True, exist_ok=True)
    folder, key = Path(os.environ["WANTED"]).expanduser(), os.environ["KEY"]
    return restore(state, folder, key) if sys.argv[1] == "restore" else save(state, folder, key)


def restore(state: Path, folder: Path, key: str) -> int:
    """Copy back what is kept under the key, else the newest under a key that begins with one of OTHERS."""
    found = find(state, key)
    put("cache-primary-key", key)
    put("cache-hit", "" if found is None else str((found / "key").read_text() == key).lower())
    put("cache-matched-key", "" if found is None else (found / "key").read_text())
    if found is not None and os.environ["ONLY_LOOK"] != "true":
        shutil.copytree(found / "content", folder, dirs_exist_ok=True)
    return 0


def find(state: Path, key: str) -> Path | None:
    """The entry for a key, or for the first of the other beginnings that has one."""
    # `*` finds hidden folders as well, and those are entries that another run is still writing.
    entries = [path for path in state.glob("*/key") if not path.parent.name.startswith(".")]
    kept = sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)
    for wanted in [key, *os.environ["OTHERS"].split()]:
        for path in kept:
            if path.read_text() == key or (wanted != key and path.read_text().startswith(wanted)):
                return path.parent
    return None


def save(state: Path, folder: Path, key: str) -> int:
    """Copy the folder, unless the key is taken."""
    entry = state / hashlib.sha256(key.encode()).hexdigest()
    if folder.is_dir() and not entry.exists():
        scratch = state / f".{entry.name}.{os.getpid()}"
        shutil.copytree(folder, scratch / "content", symlinks=True)
        (scratch / "key").write_text(key)
        try:
            scratch.rename(entry)
        except OSError:
            if not entry.exists():
                raise
            shutil.rmtree(scratch)  # Of two runs at once, the other was faster with the same key.
    return 0


def put(name: str, value: str) -> None:
    """Set one output of the step; ours hold no line breaks."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


if __name__ == "__main__":
    sys.exit(main())
