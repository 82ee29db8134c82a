"""How often one holdout has been looked at: the models that were proposed since the base, each counted once.

Only a model that another set of digits stands for can score otherwise. A commit that brings a waiver, a new card or the
record of another stage changes the lock too, and is no further look.
"""

from dataclasses import dataclass

from pavedroad.errors import ConfigError
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.gate.champion import load_checkouts
from pavedroad.foundation.pipeline import LockedStage, load_pipeline
from pavedroad.foundation.project import Project

LOCK = "dvc.lock"


@dataclass(frozen=True)
class Looks:
    """How many models have been held against the champion on this holdout, this one included."""

    count: int
    complete: bool
    """Whether the history is all there; in a shallow clone the count is too low."""


def count_looks(project: Project, base: str) -> Looks:
    """Count the models that the locks since the base name, and the one that is here, the champion left out.

    A lock that cannot be read counts as one model of its own: nobody can say that it was none.

    Raises:
        UsageError: git does not know the base.
    """
    contents, complete = load_checkouts().read_versions(project.root, base, LOCK)
    champion = load_history().read(project.root, base, LOCK)
    here = project.root / LOCK
    contents += [here.read_bytes()] if here.is_file() else []
    models = {name for name in (_name_model(project, content) for content in contents) if name}
    return Looks(len(models - {_name_model(project, champion or b"")}), complete)


def _name_model(project: Project, lock: bytes) -> str:
    """The digest of the model that a lock names, or else of the package; empty when it names neither."""
    if not lock.strip():
        return ""
    try:
        stages = load_pipeline().parse_lock(lock, project.root / LOCK)
    except ConfigError:
        return repr(lock)
    return _find_output(stages, project.model.name) or _find_output(stages, project.package.name)


def _find_output(stages: dict[str, LockedStage], name: str) -> str:
    return next((stage.outputs[name] for stage in stages.values() if name in stage.outputs), "")
