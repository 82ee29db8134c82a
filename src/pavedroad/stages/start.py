"""Starting the pipeline, after a look at what would stop it.

Kept light: half a second of the vendor's start-up then runs beside the import of all that comes after it.
"""

from pavedroad.errors import DataError, PipelineError
from pavedroad.foundation.data.kept import Flaw, load_keeper
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.pipeline import Running, load_pipeline
from pavedroad.foundation.project import Project


def start(project: Project) -> Running:
    """Start the repo's pipeline and do not wait for it.

    Raises:
        PipelineError: the repo is not set up.
    """
    pipeline = load_pipeline()
    pipeline.check_ready(project.root)
    if not load_history().is_repository(project.root):
        raise PipelineError(
            "This folder is not in a git repository, so nothing could say what was judged.",
            where=project.root,
            next_step="Run: git init && git add . && git commit -m 'First commit'.",
        )
    try:
        refuse_damage(load_keeper().check_cache(project.root))
        tables = [name for name in (project.config.data.train, project.config.data.current) if name]
        away = pipeline.find_kept_elsewhere(project.root, tables)
        reason = pipeline.fetch(project.root, away) if away else ""
    except DataError as error:
        from pavedroad.stages.away import Damaged

        return Damaged(project, error)
    if reason:
        from pavedroad.stages.away import Away

        return Away(project, away, reason)
    return pipeline.start(project.root)


def refuse_damage(flaws: list[Flaw]) -> None:
    """Refuse to go on with a cache that is damaged.

    Raises:
        DataError: it names the data and the file of the cache.
    """
    if not flaws:
        return
    more = f" (and {len(flaws) - 1:,} more)" if len(flaws) > 1 else ""
    raise DataError(
        f"{flaws[0].kept.path} is damaged in the cache: its content does not match its hash{more}.",
        where=flaws[0].where,
        next_step="Remove that file; then bring the data with `pavedroad data pull`, or let `pavedroad check` make it.",
    )
