"""Package: the model and all that is needed to trust it, in one folder with a manifest."""

import shutil

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data import hash_file, name_input
from pavedroad.foundation.lineage import Node, draw, trace
from pavedroad.foundation.package import MANIFEST, build_folder, verify_manifest, write_manifest
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome, Report, conclude, encode, judge, read_report, write_whole
from pavedroad.stages.evaluate import METRICS_FILE
from pavedroad.stages.train import name_model

LINEAGE = "lineage.json"


def package(project: Project) -> Report:
    """Put the model, its signature, profile, metrics and lineage into ``package/`` and seal them with a manifest.

    Raises:
        EvidenceError: there is no passing evaluation, or the lock does not know where the model comes from.
    """
    evaluated = read_report(project.report("evaluate"))
    if evaluated.outcome not in {Outcome.PASS, Outcome.WARN}:
        raise EvidenceError(f"The evaluation came to {evaluated.outcome.value!r}; there is nothing to pack.")
    verify_manifest(project.model)
    lineage = trace(load_pipeline().read_lock(project.root), project.model.name)
    with build_folder(project.package) as folder:
        for path in sorted(project.model.iterdir()):
            if path.name != MANIFEST:
                shutil.copyfile(path, folder / path.name)
        shutil.copyfile(project.reports / METRICS_FILE, folder / METRICS_FILE)
        write_whole(folder / LINEAGE, encode(lineage))
        write_manifest(folder, project.config.project.name)
        manifest = verify_manifest(folder)
    sources = [node.path for step in lineage.steps for node in step.inputs]
    return conclude(
        "package",
        [
            judge(
                "package.manifest",
                "Every file of the package is the one in its manifest",
                ok=True,
                observed=f"{len(manifest.files)} files",
                evidence={n: f.sha256 for n, f in manifest.files.items()},
            ),
            judge(
                "package.lineage",
                "The package says what it was made of",
                ok=project.config.data.train in sources,
                observed=len(sources),
                expected=f"{project.config.data.train} among the sources",
                reason="" if project.config.data.train in sources else "The training data is not in the lineage.",
            ),
        ],
        summary=f"{len(manifest.files)} files, {sum(f.bytes for f in manifest.files.values()) / 1e6:.2f} MB, sealed by "
        "a manifest.",
        inputs=[name_model(project), name_input(project, "reports/evaluate.json")],
        figures=[draw(lineage, Node(project.package.name, hash_file(project.package / MANIFEST)))],
    )
