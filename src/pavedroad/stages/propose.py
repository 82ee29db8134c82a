"""Propose: from the folder of a retraining to a branch and a pull request, without running anything of the repo."""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.kept import read_pointer
from pavedroad.foundation.forge.branch import Author, load_branches
from pavedroad.foundation.forge.host import Host, Proposal, Proposed
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome, Report
from pavedroad.stages.evidence import read_evidence
from pavedroad.stages.gate import RECORDS
from pavedroad.stages.refresh import list_kept, list_proposed
from pavedroad.stages.retrain import FILES, REPORTS, STAGE

BRANCH = "pavedroad/retrain"
"""One name for good: a second run brings the open pull request up to date instead of opening another."""

AUTHOR = Author("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
LARGEST = 100 * 1024 * 1024
"""Bytes of one file at most, which is what GitHub takes."""

_NOTE = (
    "This was opened by the retraining workflow. A workflow's own token starts no other workflows, so close and "
    "reopen this pull request to have it checked. The table below is the verdict of the run that made it.\n\n"
)


def propose(project: Project, folder: Path, host: Host, write: Callable[[Sequence[Report]], str]) -> Proposed | None:
    """Push the files of a proposal as one commit and ask for it to be merged; None when the branch holds them already.

    Args:
        project: the repo, as the branch holds it.
        folder: what a retraining laid down.
        host: the host of this run.
        write: turns reports into safe text for people.

    Raises:
        EvidenceError: the reports do not say that the new model won, or a file is not a plain one.
        ConfigError: the ``.dvc`` file of a table is not one.
        ForgeError: the forge refused.
    """
    reports = read_evidence(folder / REPORTS, also=STAGE)
    bad = [report.stage for report in reports if report.outcome not in {Outcome.PASS, Outcome.WARN}]
    won = any(report.stage == STAGE and report.outcome is Outcome.PASS for report in reports)
    if bad or not won:
        raise EvidenceError(f"The reports do not speak for this proposal: {', '.join(bad) or 'retrain'}.", where=folder)
    files = {name: folder / FILES / name for name in _list_allowed(project)}
    files = {name: path for name, path in files.items() if _is_plain(folder, path)}
    for table in list_kept(project):
        if f"{table}.dvc" in files:
            read_pointer(files[f"{table}.dvc"], table)
    forge = host.open_forge()
    branches = load_branches()
    title = f"Retrain {project.config.project.name} on new data"
    commit = branches.commit(project.root, files, title, AUTHOR)
    if commit is None:
        return None
    branch = _name_branch(project)
    branches.publish(project.root, commit, forge.remote(), branch, AUTHOR)
    return forge.propose(Proposal(branch, host.default_branch(), title, _NOTE + write(reports)))


def _list_allowed(project: Project) -> list[str]:
    """The only paths a proposal may change, as the branch's own configuration names them."""
    return [*RECORDS, *list_proposed(project)]


def _is_plain(folder: Path, path: Path) -> bool:
    """Whether a file is there; a link on the way to it, or a file that is too large, is refused."""
    for part in [path, *path.parents][: len(path.relative_to(folder).parts)]:
        if part.is_symlink():
            raise EvidenceError("A proposal holds no links.", where=part)
    if not path.exists():
        return False
    state = path.stat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST:
        raise EvidenceError(f"A proposal's file is a plain one of at most {LARGEST:,} bytes.", where=path)
    return True


def _name_branch(project: Project) -> str:
    """The branch of this repo; in a checkout with several repos each has its own."""
    top = next(folder for folder in (project.root, *project.root.parents) if (folder / ".git").exists())
    inside = project.root.relative_to(top).as_posix()
    return BRANCH if inside == "." else f"{BRANCH}-{''.join(c if c.isalnum() else '-' for c in inside)}"
