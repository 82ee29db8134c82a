"""The revision that a change is compared with; kept light, because it is looked for before anything long is begun."""

from pavedroad.errors import UsageError
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.project import Project


def find_base(project: Project, base: str = "") -> str:
    """The revision to compare with: the one that is asked for, or where this branch left the default branch.

    Returns:
        A revision that git knows; empty when none was asked for and none can be found, as on the default branch.

    Raises:
        UsageError: there is no such revision, or a pull request is checked out without its base.
    """
    history = load_history()
    if not base:
        return history.find_fork(project.root) or ""
    if not history.knows(project.root, base):
        raise UsageError(
            f"git does not know the revision {base!r}.",
            next_step="Fetch it first, for example: git fetch origin main. A checkout in CI may need more history: "
            "fetch-depth: 0.",
        )
    return base
