"""Starting the pipeline, after a look at what would stop it.

Kept light: half a second of the vendor's start-up then runs beside the import of all that comes after it.
"""

from pavedroad.errors import PipelineError
from pavedroad.foundation.history import load_history
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
    tables = [name for name in (project.config.data.train, project.config.data.current) if name]
    away = pipeline.find_kept_elsewhere(project.root, tables)
    reason = pipeline.fetch(project.root, away) if away else ""
    if reason:
        from pavedroad.stages.away import Away

        return Away(project, away, reason)
    return pipeline.start(project.root)
