"""A copy of the road that ``act`` can read, and what its ``uses:`` lead to.

``act`` does not know ``uses: $/path`` yet, so in the copy each becomes ``owner/name/path@ref``, which is what it stands
for. ``uses: ./.github/workflows/x.yml`` in the road's own workflows is rewritten likewise.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

PARTS = ("actions", ".github", "src", "requirements", "pyproject.toml", "README.md", "LICENSE")
"""What a caller of the road gets to see of it: its workflows and actions, and the library that they install."""

STANDINS = Path(__file__).parent / "standins"
BUILT_IN = {"actions/checkout"}
"""What ``act`` does itself: it copies the caller's work tree."""

_SIBLING = re.compile(r"(?P<head>^\s*(?:-\s+)?uses:\s*)(?P<dots>\$/|\./(?=\.github/workflows/))(?P<path>\S+)", re.M)
_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*(?P<name>[\w.-]+/[\w.-]+)(?P<path>/[^@\s]*)?@(?P<ref>\S+)", re.M)


@dataclass(frozen=True)
class Road:
    """A staged road: where it lies, and under which name and commit callers know it."""

    folder: Path
    name: str
    ref: str

    def map_uses(self, callers: Path) -> dict[str, Path]:
        """Where each third-party or road reference lies on this machine, for the workflows in ``callers`` too.

        Raises:
            LookupError: an action has no stand-in, so a run would not be what it seems.
        """
        mapped = {f"{self.name}@{self.ref}": self.folder}
        files = [*_list_yaml(self.folder), *sorted(callers.glob("*.y*ml"))]
        for file in files:
            for use in _USES.finditer(file.read_text(encoding="utf-8")):
                key = f"{use['name']}@{use['ref']}"
                if key in mapped or use["name"] in BUILT_IN:
                    continue
                standin = STANDINS / use["name"]
                if not standin.is_dir():
                    raise LookupError(f"{file}: there is no stand-in for {key}.")
                mapped[key] = standin
        return mapped


def stage_road(checkout: Path, folder: Path, *, name: str, ref: str) -> Road:
    """Copy what callers see of a road into ``folder`` and spell its siblings out.

    Args:
        checkout: a work tree of the road.
        folder: where the copy goes; it must not exist.
        name: ``owner/name`` as callers write it.
        ref: the commit that callers pin.
    """
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        source = checkout / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=ignored)
        elif source.is_file():
            shutil.copyfile(source, folder / part)
    for file in _list_yaml(folder):
        text = file.read_text(encoding="utf-8")
        file.write_text(_SIBLING.sub(rf"\g<head>{name}/\g<path>@{ref}", text), encoding="utf-8")
    return Road(folder, name, ref)


def _list_yaml(folder: Path) -> list[Path]:
    return sorted([*folder.glob(".github/workflows/*.y*ml"), *folder.glob("actions/*/action.y*ml")])
