"""Write the pins of ``.github/pins.toml`` wherever an action is used: here and in the template.

``python tools/pin.py`` writes, ``--check`` only says what differs, ``owner/name=tag`` asks that repository for the
commit of a tag and takes it into the table first.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(".github", "pins.toml")
PLACES = (
    ".github/workflows/*.yml",
    "actions/*/action.yml",
    "<<cookiecutter.project>>/.github/workflows/*.yml",
)
_USES = re.compile(r"(?P<head>uses: )(?P<name>[\w.-]+/[\w.-]+)(?P<path>(?:/[\w./-]+)?)@(?P<ref>\S+)(?P<comment>.*)")
_ASKED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)=(?P<tag>v[\w.-]+)")
_TEMPLATED = "<<"

Pins = dict[str, dict[str, str]]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Bring every use in line with the table; 1 when one was not and may only be checked."""
    pins = read_pins(root)
    for argument in arguments:
        asked = _ASKED.fullmatch(argument)
        if asked:
            pins[asked["name"]] = {"tag": asked["tag"], "commit": ask_commit(asked["name"], asked["tag"])}
            write_pins(root, pins)
        elif argument != "--check":
            raise SystemExit(f"{argument!r} is neither --check nor owner/name=tag.")
    behind = 0
    for path in sorted(path for pattern in PLACES for path in root.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        fresh = rewrite(text, pins, path)
        if fresh != text:
            behind += 1
            print(f"{path.relative_to(root)} {'differs from' if '--check' in arguments else 'now follows'} {TABLE}")
            if "--check" not in arguments:
                path.write_text(fresh, encoding="utf-8")
    return 1 if behind and "--check" in arguments else 0


def rewrite(text: str, pins: Pins, path: Path) -> str:
    """The text with every use of an action pinned as the table says."""

    def replace(use: re.Match[str]) -> str:
        if _TEMPLATED in use[0]:  # the road itself: pinned when a repo is generated
            return use[0]
        if use["name"] not in pins:
            raise SystemExit(f"{path}: {use['name']} is not in {TABLE}.")
        pin = pins[use["name"]]
        return f"{use['head']}{use['name']}{use['path']}@{pin['commit']} # {pin['tag']}"

    return _USES.sub(replace, text)


def ask_commit(name: str, tag: str) -> str:
    """The commit that a tag of an action's repository names now."""
    reference = f"refs/tags/{tag}"
    command = ["git", "ls-remote", f"https://github.com/{name}", reference, f"{reference}^{{}}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    found = {line.split("\t")[1]: line.split("\t")[0] for line in listed if "\t" in line}
    commit = found.get(f"{reference}^{{}}") or found.get(reference)
    if commit is None:
        raise SystemExit(f"{name} has no tag {tag}.")
    return commit


def read_pins(root: Path) -> Pins:
    """The table."""
    return tomllib.loads((root / TABLE).read_text(encoding="utf-8"))


def write_pins(root: Path, pins: Pins) -> None:
    """Write the table, its opening comment kept."""
    comment = [line for line in (root / TABLE).read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    lines = [f'"{name}" = {{ tag = "{pin["tag"]}", commit = "{pin["commit"]}" }}' for name, pin in sorted(pins.items())]
    (root / TABLE).write_text("\n".join([*comment, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
