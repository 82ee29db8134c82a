"""A road whose stages all passed, made by hand, and the decision over it: no file, no clock."""

import math

import msgspec

from pavedroad.config import default_settings
from pavedroad.foundation.gate.decision import Found, close, decide, weigh
from pavedroad.report import Check, Outcome, Run, conclude, judge
from pavedroad.settings import Gate

POLICY = msgspec.convert({**default_settings()["gate"], "max_latency_ms": 50.0, "max_size_mb": 10.0}, Gate)


def change(policy, **keys):
    return msgspec.structs.replace(policy, **keys)


def difference(id_, low, value, high, confidence=0.95):
    observed = {"low": low, "value": value, "high": high}
    return Check(id=id_, title="B", outcome=Outcome.PASS, observed=observed, evidence={"confidence": confidence})


def write(stage, checks, **measured):
    run = Run(started="", duration_s=0.0, measured={key.replace("_", "."): value for key, value in measured.items()})
    return Found(stage, conclude(stage, checks, run=run))


def good():
    return {
        "validate": write("validate", [judge("guard.rows", "Rows", ok=True)]),
        "train": write("train", [judge("model.size", "Kept", ok=True, evidence={"bytes": 2_000_000})]),
        "evaluate": write(
            "evaluate",
            [difference("metric.improvement", 0.5, 1.0, 1.5), difference("metric.skill", 2.0, 3.0, 4.0)],
        ),
        "drift": write("drift", [judge("drift.rain", "Rain", ok=True)]),
        "package": write("package", [judge("package.manifest", "Sealed", ok=True)]),
        "latency": write("latency", [judge("latency.p95", "Timed", ok=True)], latency_p95=12.5),
    }


def take(policy, found):
    """The whole decision, as the stage takes it."""
    evidence = weigh(policy, list(found.values()))
    return close([*evidence.checks, *decide(policy, evidence)])


def by_id(checks):
    return {check.id: check for check in checks}


def with_checks(found, stage, checks, **measured):
    return {**found, stage: write(stage, checks, **measured)}


NO_NUMBERS = [None, True, False, "", "1", "NaN", "0.9", [], [1.0], {}, {"value": 1.0}, math.nan, math.inf, -math.inf]
"""What stands where a number should, and is none."""
