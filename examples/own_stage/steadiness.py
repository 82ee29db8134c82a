"""A stage of a team's own: does the model answer the same when its measurements are a little off?"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pavedroad import Outcome, Report
from pavedroad.foundation import (
    Project,
    Signature,
    find_metric,
    find_project,
    make_features,
    name_input,
    open_package,
    open_training_table,
    predict,
)
from pavedroad.report import conclude, judge
from pavedroad.stages.runner import run_stage

NUDGE = 0.01
"""How far a measurement may be off, as a share of the range that training saw."""
TOLERABLE = 0.10
"""How far a prediction may move, as a share of the spread of all predictions."""
MOST = 0.05
"""The share of rows whose predictions may move further."""


def steadiness(project: Project) -> Report:
    """Nudge every number that goes into the packed model, and count the predictions that move too far."""
    config = project.config
    package = open_package(project.package)
    model, signature = package.load_model(config.model.trusted), package.signature
    needs = find_metric(config.objective.metric, config.objective.problem).needs
    table = open_training_table(project)
    rows = table.read_holdout()

    def answer(asked: pd.DataFrame) -> np.ndarray:
        return predict(model, make_features(project, asked, signature.features), signature, needs).values

    before, after = answer(rows), answer(nudge(rows, signature, config.data.seed))
    moved = np.abs(after - before) > TOLERABLE * before.std() if before.dtype.kind == "f" else after != before
    share = float(moved.mean())
    check = judge(
        "steadiness.moved",
        "Small errors of measurement leave predictions where they are",
        ok=share <= MOST,
        observed=round(share, 4),
        expected=f"at most {MOST:.0%} of rows",
        reason="" if share <= MOST else f"{int(moved.sum()):,} of {len(rows):,} predictions moved too far.",
        evidence={"package": package.digest, "nudge": NUDGE, "tolerable": TOLERABLE},
    )
    inputs = [name_input(project, "package/manifest.json"), name_input(project, config.data.train, rows=table.rows)]
    return conclude("steadiness", [check], summary=f"{share:.1%} of predictions moved too far.", inputs=inputs)


def nudge(rows: pd.DataFrame, signature: Signature, seed: int) -> pd.DataFrame:
    """The same rows with every number off by up to ``NUDGE`` of its range, the same way every time."""
    rng = np.random.default_rng(seed)
    nudged = rows.copy()
    for column in signature.inputs:
        if column.kind == "number" and column.low is not None and column.high is not None:
            off = rng.uniform(-NUDGE, NUDGE, len(rows)) * (column.high - column.low)
            nudged[column.name] = nudged[column.name] + off
    return nudged


if __name__ == "__main__":
    found = run_stage(find_project(Path.cwd()), "steadiness", steadiness)
    sys.stdout.write(f"{found.outcome.value}: {found.summary}\n")
    sys.exit({Outcome.PASS: 0, Outcome.WARN: 0, Outcome.FAIL: 1}.get(found.outcome, 3))
