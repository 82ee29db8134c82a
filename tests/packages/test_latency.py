"""What a prediction costs, alone and among many; and a real model held to its budget of size."""

import math

import msgspec
import pytest
from small_repo import OWN, walk

from pavedroad.foundation.gate.decision import Evidence, judge_latency, judge_size
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, read_report
from pavedroad.stages.latency import BATCH, BATCHES, ROWS, latency
from pavedroad.stages.runner import run_stage

COUNTING = OWN.replace("def features(table):\n", "seen = []\n\n\ndef features(table):\n    seen.append(len(table))\n")


def test_single_rows_and_batches_are_timed_with_their_features(repo):
    (repo / "src/beans/own.py").write_text(COUNTING)
    walk(repo)
    project = find_project(repo)
    from beans import own

    own.seen.clear()
    report = run_stage(project, "latency", latency)
    assert report.outcome is Outcome.PASS
    measured = report.run.measured
    assert set(measured) == {"latency.p50", "latency.p95", "latency.batch.p50", "latency.batch.p95"}
    assert all(math.isfinite(value) and value > 0 for value in measured.values())
    assert measured["latency.p50"] <= measured["latency.p95"]
    assert measured["latency.batch.p50"] <= measured["latency.batch.p95"]
    assert 1 <= own.seen.count(BATCH) <= BATCHES  # though 40 rows are held out
    assert own.seen.count(1) >= ROWS
    assert set(own.seen) == {1, BATCH}
    assert [check.id for check in report.checks] == ["latency.p95", "latency.batch.p95"]
    policy = project.config.gate
    for budget, outcome in ((1e6, Outcome.PASS), (1e-6, Outcome.FAIL)):
        strict = msgspec.structs.replace(policy, max_latency_ms=budget)
        assert judge_latency(strict, Evidence([], {"latency": report}, "")).outcome is outcome


@pytest.mark.parametrize(("share", "outcome"), [(1.0, Outcome.PASS), (0.99, Outcome.FAIL)])
def test_a_model_over_its_budget_of_size_is_refused(finished, share, outcome):
    project = find_project(finished)
    bytes_ = (project.model / "model.skops").stat().st_size
    policy = msgspec.structs.replace(project.config.gate, max_size_mb=bytes_ / 1e6 * share)
    found = judge_size(policy, Evidence([], {"train": read_report(project.report("train"))}, ""))
    assert found.outcome is outcome
    assert ("over the budget" in found.reason) == (outcome is Outcome.FAIL)
