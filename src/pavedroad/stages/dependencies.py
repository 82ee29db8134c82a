"""Whether the pipeline knows all that its stages read: what it does not know of can change unnoticed."""

from collections.abc import Iterable, Mapping

from pavedroad.foundation.project import Project
from pavedroad.foundation.yamlfile import read_yaml
from pavedroad.report import Check, judge

PIPELINE = "dvc.yaml"


def judge_dependencies(project: Project, id_: str, title: str, read: Mapping[str, Iterable[str]]) -> list[Check]:
    """A check of the ``deps`` of stages; none where the pipeline has none of these stages, or they read nothing.

    Args:
        project: the repo.
        id_: the check's.
        title: what should be true.
        read: the files that each stage reads, by their paths in the repo.
    """
    path = project.root / PIPELINE
    stages = read_yaml(path).get("stages") if path.is_file() else None
    known = stages if isinstance(stages, dict) else {}
    judged = {name: files for name, files in read.items() if isinstance(known.get(name), dict) and files}
    if not judged:
        return []
    lacking: dict[str, list[str]] = {}
    for name, files in judged.items():
        deps = [str(entry).rstrip("/") for entry in known[name].get("deps") or []]
        unknown = [file for file in files if not any(file == dep or file.startswith(f"{dep}/") for dep in deps)]
        lacking |= {name: unknown} if unknown else {}
    return [
        judge(
            id_,
            title,
            ok=not lacking,
            observed=list(dict.fromkeys(file for files in lacking.values() for file in files)),
            expected="none that it lacks",
            reason=" ".join(
                f"Add to the deps of {name!r} in {PIPELINE}: {', '.join(files)}." for name, files in lacking.items()
            ),
        )
    ]
