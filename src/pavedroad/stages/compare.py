"""Compare: the proposed package beside the champion, both scored by the road on the same rows.

The rows are the holdout of the proposal's table. Where rows have no order in time, the champion may have been trained
on some of them; that favours the champion. The report only holds evidence; what to make of it is the gate's decision.
"""

import tempfile
from pathlib import Path

from pavedroad.foundation.data.tables import name_code, name_input, write_table
from pavedroad.foundation.data.training import TrainingTable, open_training_table
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.gate.champion import Champion, bring_champion, load_checkouts
from pavedroad.foundation.gate.looks import Looks, count_looks
from pavedroad.foundation.project import Project
from pavedroad.report import Check, Input, Report, Severity, Value, conclude, finite, judge
from pavedroad.settings import Gate
from pavedroad.stages.bench import Bench, tell_gain, tell_gaps, tell_groups
from pavedroad.stages.score import score, score_apart

STAGE = "compare"


def compare(project: Project, base: str, policy: Gate) -> Report:
    """Score the proposed package and the champion that ``base`` records on the same rows.

    Args:
        project: the repo, with a package.
        base: the revision whose lock names the champion; empty: there is none to compare with.
        policy: the gate's settings that count.

    Raises:
        UsageError: git does not know the base.
        JudgementError: the champion cannot be brought, or a metric has no value on these rows.
    """
    config = project.config
    table = open_training_table(project)
    rows = table.read_holdout()
    looks = count_looks(project, base) if base else Looks(0, complete=True)
    bench = Bench(
        metric=find_metric(config.objective.metric, config.objective.problem),
        table=table,
        rows=rows,
        actual=rows[config.objective.target].to_numpy(),
        challenger=score(project, rows),
        policy=policy,
        looks=max(policy.looks, looks.count, 1),
        seed=config.data.seed,
    )
    checks = [_tell_newest(project, table)] if config.data.time else []
    if base:
        with bring_champion(project, base) as champion:
            checks += _meet(bench, champion, load_checkouts().resolve(project.root, base), looks)
    for column in sorted({limit.column for limit in policy.fairness}):
        checks += tell_gaps(bench, column)
    return conclude(
        STAGE,
        checks,
        summary=f"Both models were scored on the same {len(rows):,} rows." if base else "The groups were scored.",
        inputs=_name_inputs(project, table.rows),
    )


def _meet(bench: Bench, champion: Champion | None, commit: str, looks: Looks) -> list[Check]:
    if champion is None:
        return [
            judge(
                "compare.first",
                "The base records no model yet, so there is no champion",
                ok=True,
                severity=Severity.INFO,
                observed="a first release",
                evidence={"base": commit},
            )
        ]
    with tempfile.TemporaryDirectory(prefix="pavedroad-") as scratch:
        kept = Path(scratch) / "rows.parquet"
        write_table(bench.rows, kept)
        other = score_apart(champion.root, kept, Path(scratch) / "answer.json")
    found = bench.challenge(other)
    terms: dict[str, Value] = {
        "base": commit,
        "metric": bench.metric.name,
        "better": bench.metric.better,
        "rows": found.rows,
        "confidence": bench.policy.confidence,
        "looks": bench.looks,
        "counted": looks.count,
        "history": "complete" if looks.complete else "shallow",
        "resamples": found.resamples,
        "champion": champion.digest,
        "came": champion.how,
        "champion value": finite(found.champion),
        "challenger value": finite(found.challenger),
        "error": finite(found.error),
        **({} if found.test is None else {found.test.name: finite(found.test.p)}),
    }
    title = f"How much better the proposed model is than the champion ({bench.metric.title})"
    checks = [tell_gain("compare.difference", title, found, terms)]
    for column in sorted({limit.column for limit in bench.policy.slice if limit.regression is not None}):
        checks += tell_groups(bench, other, column)
    return checks


def _tell_newest(project: Project, table: TrainingTable) -> Check:
    newest = table.read_column(project.config.data.time).iloc[-1]
    return judge(
        "compare.newest",
        "The time of the newest row is known",
        ok=True,
        severity=Severity.INFO,
        observed=str(newest),
        evidence={"newest": str(newest)},
    )


def _name_inputs(project: Project, rows: int) -> list[Input]:
    return [
        name_input(project, project.config.data.train, rows=rows),
        name_input(project, f"{project.package.name}/manifest.json"),
        *name_code(project),
    ]
