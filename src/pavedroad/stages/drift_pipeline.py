"""Whether the pipeline knows all that the drift stage reads: what it does not know of can change unnoticed."""

from pavedroad.foundation.project import Project
from pavedroad.foundation.yamlfile import read_yaml
from pavedroad.report import Check, Input, judge

PIPELINE, STAGE = "dvc.yaml", "drift"


def judge_pipeline(project: Project, inputs: list[Input]) -> list[Check]:
    """A check of the stage's ``deps`` where a table of current rows is named; none where there is no such stage.

    Args:
        project: the repo.
        inputs: what the stage has read.
    """
    path = project.root / PIPELINE
    if not project.config.data.current or not path.is_file():
        return []
    stages = read_yaml(path).get("stages")
    stage = stages.get(STAGE) if isinstance(stages, dict) else None
    if not isinstance(stage, dict):
        return []
    known = [str(entry) for entry in stage.get("deps") or []]
    lacking = [used.path for used in inputs if not any(_holds(entry, used.path) for entry in known)]
    return [
        judge(
            "drift.pipeline",
            "The pipeline knows all that is compared",
            ok=not lacking,
            observed=list(lacking),
            expected="none that it lacks",
            reason="" if not lacking else f"Add to the deps of {STAGE!r} in {PIPELINE}: {', '.join(lacking)}.",
        )
    ]


def _holds(dependency: str, file: str) -> bool:
    return dependency.rstrip("/") == file or file.startswith(f"{dependency.rstrip('/')}/")
