"""Latency: how long one prediction takes on this machine, features included, in a process of its own."""

import os
import time
from typing import TYPE_CHECKING

from pavedroad.foundation.data.tables import load_reader, name_code
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.package.model import NO_MODEL, load_format, predict
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.report import Check, Outcome, Report, Run, Severity, conclude, judge
from pavedroad.stages.train import load_trained, name_model

if TYPE_CHECKING:
    import pandas as pd

WARM_UPS, ROWS, SLOWEST, TRIES, MAX_SECONDS = 3, 60, 10, 2, 20.0
BATCH, BATCHES, BATCH_SECONDS = 1_000, 10, 1.0
"""Rows that are predicted at once, repeated where fewer are held out; how many times, as long as that takes so long."""
ID, OF_BATCH = "latency.p95", "latency.batch.p95"


def prepare(project: Project) -> None:
    """Load what reads and predicts, which may take seconds, so that ``latency`` can begin at once.

    One thread is used: a single row gives more of them nothing to do, and waiting for each other on a busy machine they
    take a hundred times as long.
    """
    if project.config.model.gives != "model":
        return  # there is nothing to time
    os.environ["OMP_NUM_THREADS"] = "1"  # read when the libraries are loaded
    load_format(project.config.model.format)
    load_reader()


def latency(project: Project) -> Report:
    """Time predictions of single rows, which the gate judges by the budget, and of 1,000 rows at once.

    The rows that took longest, which decide the 95th percentile, get two more tries, and of each row the fastest call
    counts: whatever else the machine does only ever adds time. The figures describe this machine, so they stand in the
    report's ``run`` section.
    """
    config = project.config
    if config.model.gives != "model":
        reason = (
            f"{NO_MODEL[config.model.gives]} So no prediction can be timed; a policy for such a repo leaves 'latency' "
            "out of gate.required."
        )
        check = Check(
            id=ID, title="Single predictions were timed (95th percentile, in milliseconds)",
            outcome=Outcome.SKIPPED, reason=reason,
        )  # fmt: skip
        return conclude("latency", [check], summary=reason, inputs=[name_model(project), *name_code(project)])
    prepare(project)
    import numpy as np

    model, signature = load_trained(project)
    table = open_training_table(project)
    holdout = table.read_rows(table.split.holdout[:BATCH])
    needs = find_metric(config.objective.metric, config.objective.problem).needs

    def time_once(rows: "pd.DataFrame") -> float:
        clock = time.perf_counter()
        features = make_features(project, rows, signature.features)
        predict(model, features, signature, needs, seconds=config.model.timeout)
        return (time.perf_counter() - clock) * 1000

    begun = time.perf_counter()
    rows = [holdout.iloc[[position % len(holdout)]] for position in range(ROWS)]
    for row in rows[:WARM_UPS]:
        time_once(row)
    taken: list[float] = []
    for row in rows:
        taken.append(time_once(row))
        if time.perf_counter() - begun > MAX_SECONDS:
            break
    for position in sorted(range(len(taken)), key=taken.__getitem__)[-SLOWEST:]:
        for _ in range(TRIES):
            if time.perf_counter() - begun <= MAX_SECONDS:
                taken[position] = min(taken[position], time_once(rows[position]))
    batch = holdout.iloc[np.arange(BATCH) % len(holdout)].reset_index(drop=True)
    batches = [time_once(batch)]
    while len(batches) < BATCHES and sum(batches) < BATCH_SECONDS * 1000:
        batches.append(time_once(batch))
    single, of_batch = np.quantile(taken, [0.5, 0.95]).tolist(), np.quantile(batches, [0.5, 0.95]).tolist()
    figures = {ID: single[1], "latency.p50": single[0], OF_BATCH: of_batch[1], "latency.batch.p50": of_batch[0]}
    return conclude(
        "latency",
        [
            judge(
                ID,
                "Single predictions were timed (95th percentile, in milliseconds)",
                ok=True,
                severity=Severity.INFO,
                expected="judged by the gate",
                evidence={"unit": "ms"},
            ),
            judge(
                OF_BATCH,
                f"{BATCH:,} predictions at once were timed (95th percentile, in milliseconds)",
                ok=True,
                severity=Severity.INFO,
                expected="told, not judged",
                evidence={"unit": "ms"},
            ),
        ],
        summary="Single predictions, features included, were timed in a process of their own.",
        inputs=[name_model(project), *name_code(project)],
        run=Run(started="", duration_s=0.0, measured={name: round(value, 3) for name, value in figures.items()}),
    )
