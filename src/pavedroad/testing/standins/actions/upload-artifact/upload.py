"""Keep files as an artifact, as far as ``actions/upload-artifact`` does it for us. The standard library only."""

import glob
import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    """Copy what WANTED names, below the deepest folder that all of it shares; hidden files stay behind."""
    target = Path(os.environ["PAVEDROAD_STATE"], "artifacts", os.environ["GITHUB_RUN_ID"], os.environ["NAME"])
    if target.exists():
        print(f"::error::The artifact {target.name} exists already.")
        return 1
    wanted = [line.strip() for line in os.environ["WANTED"].splitlines() if line.strip()]
    top = Path(os.path.commonpath([beginning(pattern) for pattern in wanted]))
    files = [file for pattern in wanted for file in matches(pattern)]
    for file in files:
        place = target / file.relative_to(top)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    if not files:
        print(f"::{'error' if os.environ['NOTHING'] == 'error' else 'warning'}::No files were found.")
        return 1 if os.environ["NOTHING"] == "error" else 0
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write("artifact-id=1\n")
    return 0


def beginning(pattern: str) -> str:
    """The folder in which a pattern starts to search."""
    path = Path.cwd() / pattern
    fixed = []
    for part in path.parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    found = Path(*fixed)
    return str(found if found.is_dir() else found.parent)


def matches(pattern: str) -> list[Path]:
    """The files that a pattern names; a folder stands for all in it."""
    found = [Path(name) for name in glob.glob(str(Path.cwd() / pattern), recursive=True)]
    files = [file for path in found for file in (path.rglob("*") if path.is_dir() else [path])]
    return [file for file in files if file.is_file() and not file.name.startswith(".")]


if __name__ == "__main__":
    sys.exit(main())
