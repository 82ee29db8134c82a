"""Export: write the packed model in another format, and only when it answers as the packed one does."""

from pathlib import Path

from pavedroad.foundation.data.tables import name_input
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.export import CLOSE, compare, load_exporter
from pavedroad.foundation.package.folder import MANIFEST
from pavedroad.foundation.package.model import predict
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.report import Report, conclude, finite, judge, write_whole

MOST_ROWS = 10_000
"""Held-out rows that both models are asked about."""


def export(project: Project, target: Path, to: str) -> Report:
    """Write the packed model to ``target``; a model that answers otherwise is not written.

    Raises:
        PackageError: the package is damaged, or the format cannot express the model.
    """
    config = project.config
    package = open_package(project.package)
    model, signature = package.load_model(config.model.trusted), package.signature
    table = open_training_table(project)
    rows = table.read_rows(table.split.holdout[:MOST_ROWS])
    features = make_features(project, rows, signature.features)
    has_probabilities = signature.problem != "regression" and hasattr(model, "predict_proba")
    needs = "probability" if has_probabilities else find_metric(config.objective.metric, config.objective.problem).needs
    ours = predict(model, features, signature, needs, seconds=config.model.timeout)
    exporter = load_exporter(to)
    content = exporter.convert(
        model, features, {"pavedroad.package": package.digest, "pavedroad.name": config.project.name}
    )
    parity = compare(ours, exporter.ask(content, features))
    same = parity.differing == 0
    if same:
        write_whole(target, content)
    check = judge(
        "export.parity",
        f"The {to} model answers as the packed one",
        ok=same,
        observed=f"{parity.rows - parity.differing:,} of {parity.rows:,} rows agree",
        expected=f"all, within {CLOSE:g}",
        reason="" if same else f"{parity.differing:,} predictions differ, so nothing was written.",
        evidence={"largest": finite(parity.largest), "bytes": len(content), "package": package.digest},
    )
    summary = f"{target.name}, {len(content) / 1e6:.2f} MB" if same else "nothing was written"
    return conclude(
        "export",
        [check],
        summary=f"{summary}; {check.observed} with the packed model.",
        inputs=[name_input(project, f"{project.package.name}/{MANIFEST}")],
    )
