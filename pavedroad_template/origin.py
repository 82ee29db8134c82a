"""Where the template was taken from: the road's repository, its commit and the tag that names it.

A generated repo pins the road by full commit. The commit is that of the very checkout the template lies in, so the
template, the workflows and the library can never be of different ages.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout this template is part of."""

PLACEHOLDER = "org/pavedroad"
"""What ``uses:`` names when the road is a folder on this machine, which GitHub cannot reach."""

OWNER = re.compile(
    r"@[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?"
    r"|[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,100}[A-Za-z0-9])?\.[A-Za-z]{2,24}"
)
"""A GitHub ``@user`` or ``@organisation/team``, or an e-mail address: what CODEOWNERS can name."""

PLACEHOLDER_OWNER = "@your-team"

_SLUG = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_GITHUB = re.compile(r"(?:https://github\.com/|git@github\.com:|ssh://git@github\.com/)([^/]+/[^/]+?)(?:\.git)?/?")
_SHA = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def default_repository() -> str:
    """``owner/name`` when the checkout was cloned from GitHub, else the checkout's own absolute path."""
    return find_slug(_ask_git("config", "--get", "remote.origin.url") or "") or str(ROOT)


def default_ref() -> str:
    """The checkout's commit; empty when that cannot be known, for example in a download without git."""
    return _ask_git("rev-parse", "--verify", "HEAD^{commit}") or ""


def default_owner() -> str:
    """The e-mail address that git signs commits with here, or a placeholder.

    CODEOWNERS takes full addresses only, so one such as ``root@host`` is not offered.
    """
    known = _ask_git("config", "--get", "user.email") or ""
    return known if OWNER.fullmatch(known) else PLACEHOLDER_OWNER


def find_slug(repository: str) -> str:
    """``owner/name`` of a GitHub repository given as such or by address; empty for anything else."""
    address = _GITHUB.fullmatch(repository)
    slug = address[1] if address else repository
    return slug if _SLUG.fullmatch(slug) and ".." not in slug else ""


def check_repository(repository: str) -> str:
    """What is wrong with the answer, as a sentence; empty when it names a repository or a checkout."""
    if find_slug(repository):
        return ""
    path = Path(repository)
    if not path.is_absolute() or ".." in path.parts:
        return (
            f"road_repository {repository[:60]!r} is neither owner/name, nor an address on https://github.com, nor the "
            "absolute path of a checkout."
        )
    if not (path / "src" / "pavedroad").is_dir():
        return f"road_repository {repository[:60]!r} is not a checkout of the road."
    return ""


def check_ref(ref: str) -> str:
    """What is wrong with the answer, as a sentence; empty when it pins one commit."""
    if not ref:
        return (
            "road_ref is empty, because git does not know the commit of this template; give the road's full commit, or "
            "use a clone instead of a download."
        )
    if _SHA.fullmatch(ref) or (_TAG.fullmatch(ref) and resolve_ref(ref)):
        return ""
    return f"road_ref {ref[:60]!r} is neither a full commit (40 digits from 0 to f) nor a tag of this template's clone."


def resolve_ref(ref: str) -> tuple[str, str] | None:
    """The full commit of a tag or commit, and a readable name for it; ``None`` for a name this clone does not have.

    A commit that this clone does not have is taken as it is: the road may live elsewhere.
    """
    if _SHA.fullmatch(ref):
        return ref, _ask_git("describe", "--tags", "--match", "v*", ref) or "unreleased"
    if not _TAG.fullmatch(ref):
        return None
    sha = _ask_git("rev-parse", "--verify", f"refs/tags/{ref}^{{commit}}")
    return (sha, ref) if sha else None


def _ask_git(*question: str) -> str | None:
    """One line from git about this checkout; ``None`` when git is missing or knows no answer."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():  # without the second, a folder around it would answer
        return None
    # Variables such as GIT_DIR are set inside git's own hooks, and would lead to another repository.
    clean = {name: value for name, value in os.environ.items() if name not in GIT_LOCATION}
    answer = subprocess.run(  # noqa: S603 - a fixed program, and arguments that match a narrow pattern
        [git, "-C", str(ROOT), *question],
        capture_output=True,
        text=True,
        env=clean,
        timeout=30,
        check=False,
    )
    return answer.stdout.strip() or None if answer.returncode == 0 else None


GIT_LOCATION = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"}
