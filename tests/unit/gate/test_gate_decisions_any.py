"""The decisions over anything at all, judged a second time by ``allowed``, which says the rule in other words."""

import pytest
from gate_stages import NO_NUMBERS, POLICY, change, good
from hypothesis import given, settings
from hypothesis import strategies as st

from pavedroad.foundation.gate.decision import Found, close, decide, summarise, weigh
from pavedroad.foundation.project import STAGES
from pavedroad.report import Check, Outcome, Report, Run, conclude, worst
from pavedroad.settings import Gate

HOSTILE = st.sampled_from([*NO_NUMBERS, 10**400, -(10**400)])
NUMBERS = st.sampled_from([-1.0, -0.1, 0.0, 0.05, 0.1, 0.5, 1.0, 2.0, 49.0, 50.0, 51.0, 1, 9_000_000, 11_000_000])
ANYTHING = NUMBERS | HOSTILE
OUTCOMES = st.sampled_from([*Outcome, Outcome.PASS, Outcome.PASS, Outcome.PASS])


@st.composite
def differences(draw, id_):
    observed = {key: draw(ANYTHING) for key in ("low", "value", "high") if draw(st.integers(0, 9))}
    if draw(st.integers(0, 2)):
        low = draw(st.sampled_from([-0.5, 0.0, 0.05, 0.5]))
        observed = {"low": low, "value": low + draw(st.sampled_from([0.0, 1.0, -1.0])), "high": low + 1.5}
    confidence = draw(st.sampled_from([0.95, 0.95, 0.95, 0.9, None, "0.95"]))
    return Check(
        id=id_,
        title="B",
        outcome=draw(OUTCOMES),
        observed=draw(st.sampled_from([observed, observed, observed, 1.0, [1.0]])),
        evidence={"confidence": confidence},
    )


@st.composite
def findings(draw):
    found = []
    for stage in STAGES:
        if draw(st.integers(0, 4)):
            found.append(good()[stage])
            continue
        checks = [Check(id="a", title="A", outcome=draw(OUTCOMES))]
        if stage == "evaluate":
            names = draw(st.lists(st.sampled_from(["metric.improvement", "metric.skill"]), min_size=1, max_size=3))
            checks += [draw(differences(name)) for name in names]
        if stage == "train" and draw(st.booleans()):
            checks.append(Check(id="model.size", title="S", outcome=Outcome.PASS, evidence={"bytes": draw(ANYTHING)}))
        measured = {draw(st.sampled_from(["latency.p95", "latency.p50"])): draw(ANYTHING)}
        run = None if draw(st.booleans()) else Run(started="", duration_s=0.0, measured=measured)
        report = conclude(stage, checks, run=run) if draw(st.integers(0, 9)) else None
        why = draw(st.sampled_from(["", "", "", "absent", "damaged"]))
        found.append(Found(stage, report, **({why: "For a reason."} if why else {})))
    return found


POLICIES = st.builds(
    lambda required, margin: change(POLICY, required=required, margin=margin),
    st.lists(st.sampled_from(STAGES), min_size=1, unique=True) | st.just(list(STAGES)),
    st.sampled_from([0.0, 0.1, 0.6]),
)


def is_real(value):
    return type(value) in {int, float} and abs(value) < 10**300  # NaN is not below anything


def speaks(item: Found) -> bool:
    outcomes = {check.outcome for check in item.report.checks} if item.report else set()
    good_enough = outcomes & {Outcome.PASS, Outcome.WARN} and not outcomes & {Outcome.FAIL, Outcome.ERROR}
    return bool(good_enough) and not item.absent and not item.damaged


def lies_above(report: Report, name: str, margin: float, confidence: float) -> bool:
    of_name = [check for check in report.checks if check.id == name]
    if len(of_name) != 1 or not isinstance(of_name[0].observed, dict):
        return False
    numbers = [of_name[0].observed.get(key) for key in ("low", "value", "high")]
    real = all(map(is_real, numbers)) and numbers == sorted(numbers) and numbers[0] > margin
    return real and of_name[0].evidence["confidence"] == confidence


def fits(report: Report, most: float) -> bool:
    sizes = [check.evidence.get("bytes") for check in report.checks if check.id == "model.size"]
    return len(sizes) == 1 and is_real(sizes[0]) and 0 < sizes[0] <= most * 1e6


def is_quick(report: Report, most: float) -> bool:
    p95 = None if report.run is None else report.run.measured.get("latency.p95")
    return is_real(p95) and 0 <= p95 <= most


def allowed(policy: Gate, found: list[Found]) -> bool:
    """Whether the model may go on, said in other words than the decisions say it."""
    reports = {item.stage: item.report for item in found}
    return all(speaks(item) for item in found if item.stage in policy.required) and all(
        condition(reports[stage])
        for stage, condition in (
            ("evaluate", lambda report: lies_above(report, "metric.improvement", policy.margin, policy.confidence)),
            ("evaluate", lambda report: lies_above(report, "metric.skill", 0.0, policy.confidence)),
            ("train", lambda report: fits(report, policy.max_size_mb)),
            ("latency", lambda report: is_quick(report, policy.max_latency_ms)),
        )
        if stage in policy.required
    )


@pytest.mark.slow
@given(policy=POLICIES, found=findings())
@settings(max_examples=10_000)
def test_a_model_goes_on_exactly_when_everything_says_so(policy, found):
    evidence = weigh(policy, found)
    checks = close([*evidence.checks, *decide(policy, evidence)])
    report: Report = conclude("gate", checks, summary=summarise(checks))
    assert (report.outcome in {Outcome.PASS, Outcome.WARN}) == allowed(policy, found)
    assert report.outcome is not Outcome.SKIPPED
    assert report.summary
    assert all(check.reason for check in checks if check.outcome is not Outcome.PASS)


@pytest.mark.slow
@given(found=findings(), stage=st.sampled_from(STAGES))
@settings(max_examples=10_000)
def test_taking_evidence_away_never_helps(found, stage):
    poorer = [Found(stage) if item.stage == stage else item for item in found]
    evidence = weigh(POLICY, poorer)
    outcome = worst(check.outcome for check in close([*evidence.checks, *decide(POLICY, evidence)]))
    assert outcome in {Outcome.FAIL, Outcome.ERROR}
