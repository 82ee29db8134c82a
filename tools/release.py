"""Look whether this checkout may become a release, and say why not. ``python tools/release.py 0.1.0``.

Refused are: a version that is not the package's, one that is no version, a work tree with changes, a tag that exists
here or at the origin, a commit that is not the one `main` points to, and a release without an entry in the changelog.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def main(version: str, root: Path = ROOT) -> int:
    """Print every reason against a release; 1 when there is one."""
    reasons = find_reasons(version, root)
    for reason in reasons:
        print(f"Refused: {reason}")
    if not reasons:
        print(f"v{version} may be released from {ask(root, 'rev-parse', 'HEAD')}.")
    return 1 if reasons else 0


def find_reasons(version: str, root: Path) -> list[str]:
    """Every reason why this checkout must not become this version."""
    if not _VERSION.fullmatch(version):
        return ["the version is not three numbers with dots, such as 1.4.0."]
    reasons = []
    package = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if package != version:
        reasons.append(f"pyproject.toml says {package}, not {version}.")
    if ask(root, "status", "--porcelain", "--untracked-files=normal"):
        reasons.append("the work tree holds changes that are not committed.")
    tag = f"refs/tags/v{version}"
    if ask(root, "tag", "--list", f"v{version}"):
        reasons.append(f"the tag v{version} exists here.")
    try:
        if ask(root, "ls-remote", "origin", tag):
            reasons.append(f"the tag v{version} exists at the origin.")
        if ask(root, "ls-remote", "origin", "refs/heads/main").split("\t")[0] != ask(root, "rev-parse", "HEAD"):
            reasons.append("this commit is not the one that main points to at the origin.")
    except subprocess.CalledProcessError:
        reasons.append("the origin cannot be asked for its tags.")
    if not [path for path in (root / "changelog.d").glob("*.md") if path.name != "README.md"]:
        reasons.append("the changelog has nothing to say about it: changelog.d holds no fragment.")
    return reasons


def ask(root: Path, *words: str) -> str:
    """What git answers."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Say which version: python tools/release.py 0.1.0")
    sys.exit(main(sys.argv[1]))
