"""The gate's decisions by themselves: no file, no clock, only a policy and reports."""

import math

import msgspec
import pytest
from gate_stages import NO_NUMBERS, POLICY, by_id, change, difference, good, take, with_checks, write

from pavedroad.foundation.gate.decision import (
    Evidence,
    Found,
    close,
    decide,
    find_check,
    judge_records,
    lack,
    summarise,
    to_interval,
    to_number,
    weigh,
)
from pavedroad.foundation.project import STAGES
from pavedroad.report import Check, Outcome, Run, conclude, judge, worst

# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [*NO_NUMBERS, 10**400, -(10**400)], ids=lambda value: str(value)[:20])
def test_only_finite_numbers_are_numbers(value):
    assert to_number(value) is None
    for key in ("low", "value", "high"):
        assert to_interval({"low": 0.0, "value": 0.0, "high": 0.0, key: value}) is None


@pytest.mark.parametrize("value", [0, 1, -3, 0.5, -0.0, 1e308, 5e-324, 10**18])
def test_finite_numbers_stay_what_they_are(value):
    assert to_number(value) == value
    assert isinstance(to_number(value), float)
    assert to_interval({"low": value, "value": value, "high": value}) == (value, value, value)


@pytest.mark.parametrize(
    "value",
    [(1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 1, 0), (1, 0, 0)],
    ids=str,
)
def test_limits_out_of_order_are_no_interval(value):
    assert to_interval(dict(zip(("low", "value", "high"), value, strict=True))) is None


@pytest.mark.parametrize("missing", ["low", "value", "high"])
def test_an_interval_needs_all_its_numbers(missing):
    numbers = {"low": 0.0, "value": 1.0, "high": 2.0}
    del numbers[missing]
    assert to_interval(numbers) is None
    assert to_interval([0.0, 1.0, 2.0]) is None
    assert to_interval({"low": 0.0, "value": 1.0, "high": 2.0}) == (0.0, 1.0, 2.0)


def test_a_check_is_found_when_it_is_there_once():
    one, other = judge("a", "A", ok=True), judge("b", "B", ok=True)
    assert find_check(conclude("x", [one, other]), "b") == other
    assert find_check(conclude("x", [one]), "b") is None
    assert find_check(conclude("x", [one, one]), "a") is None


# --- stages ---------------------------------------------------------------------------------------------------------


def test_what_is_whole_and_good_passes_and_says_why():
    checks = take(POLICY, good())
    assert [check.id for check in checks] == [
        *(f"gate.stage.{stage}" for stage in STAGES),
        "gate.improvement",
        "gate.skill",
        "gate.latency",
        "gate.size",
    ]
    assert {check.outcome for check in checks} == {Outcome.PASS}
    assert {check.reason for check in checks} == {""}
    assert [check.title for check in checks] == [
        *(f"The stage {stage!r} passed" for stage in STAGES),
        "The model beats the baseline",
        "The model beats the best constant, so it has learned something",
        "One prediction stays within the latency budget",
        "The model stays within the size budget",
    ]
    assert [(check.observed, check.expected) for check in checks[len(STAGES) - 1 :]] == [
        ("pass", "pass"),
        ("better by 1, 95% interval 0.5 to 1.5", "the whole interval above 0"),
        ("better by 3, 95% interval 2 to 4", "the whole interval above 0"),
        (None, "at most 50 ms"),
        ("2 MB", "at most 10 MB"),
    ]
    assert [check.evidence for check in checks[len(STAGES) - 1 :]] == [
        {},
        {"value": 0.5, "limit": 0.0, "way": "above", "scale": 1.0},
        {"value": 2.0, "limit": 0.0, "way": "above", "scale": 2.0},
        {"limit": 50.0, "way": "at most", "unit": "ms"},
        {"value": 2.0, "limit": 10.0, "way": "at most", "unit": "MB"},
    ]
    improvement = "better by 1, 95% interval 0.5 to 1.5"
    assert (
        summarise(checks) == f"Yes: every required stage passed, and the model is {improvement}, against the baseline."
    )


SAYS = {
    Outcome.WARN: "drift warned: It moved.",
    Outcome.FAIL: "drift said no: It moved.",
    Outcome.ERROR: "drift could not judge: It moved.",
    Outcome.SKIPPED: "drift was skipped, and a required stage may not be: It moved.",
}


@pytest.mark.parametrize("outcome", SAYS)
def test_a_stage_speaks_for_itself(outcome):
    spoken = [Check(id="a", title="A", outcome=outcome, reason="It moved.")]
    check = by_id(take(POLICY, with_checks(good(), "drift", spoken)))["gate.stage.drift"]
    assert check.outcome is (Outcome.ERROR if outcome is Outcome.SKIPPED else outcome)
    assert (check.observed, check.expected, check.reason) == (outcome.value, "pass", SAYS[outcome])
    silent = [Check(id="a", title="A", outcome=outcome)]
    check = by_id(take(POLICY, with_checks(good(), "drift", silent)))["gate.stage.drift"]
    assert check.reason == SAYS[outcome].replace(": It moved.", ".")


def test_the_reason_of_a_stage_is_that_of_its_first_worst_check_and_the_others_are_counted():
    checks = [
        Check(id="a", title="A", outcome=Outcome.WARN, reason="A trifle."),
        Check(id="b", title="B", outcome=Outcome.FAIL),
        Check(id="c", title="C", outcome=Outcome.FAIL, reason="The point."),
        Check(id="d", title="D", outcome=Outcome.FAIL, reason="Another."),
    ]
    assert by_id(take(POLICY, with_checks(good(), "drift", checks)))["gate.stage.drift"].reason == (
        "drift said no (this and 2 more checks): The point."
    )
    assert by_id(take(POLICY, with_checks(good(), "drift", checks[:3])))["gate.stage.drift"].reason == (
        "drift said no (this and 1 more check): The point."
    )


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_there_is_an_error_in_words(stage):
    checks = take(POLICY, {**good(), stage: Found(stage)})
    check = by_id(checks)[f"gate.stage.{stage}"]
    assert (check.outcome, check.reason) == (Outcome.ERROR, f"There is no report of {stage!r}. Run: pavedroad check.")
    checks = take(POLICY, {**good(), stage: Found(stage, absent="The report is stale.")})
    check = by_id(checks)[f"gate.stage.{stage}"]
    assert (check.outcome, check.reason) == (Outcome.ERROR, "The report is stale. Run: pavedroad check.")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("why", ["absent", "damaged"])
def test_a_report_that_is_stale_or_damaged_is_not_evidence(stage, why):
    found = {**good(), stage: Found(stage, good()[stage].report, **{why: "It is of no use."})}
    evidence = weigh(POLICY, list(found.values()))
    assert stage not in evidence.reports
    assert evidence.reports.keys() == set(STAGES) - {stage}
    assert evidence.stopped == stage
    check = by_id(evidence.checks)[f"gate.stage.{stage}"]
    assert check.outcome is Outcome.ERROR
    assert check.reason == "It is of no use." + (" Run: pavedroad check." if why == "absent" else "")


def test_the_first_stop_explains_what_lies_behind_it_and_what_is_damaged_stays_so():
    found = {
        **good(),
        "validate": write("validate", [judge("a", "A", ok=False, reason="Bad data.")]),
        "train": Found("train"),
        "evaluate": Found("evaluate", damaged="This is no JSON."),
        "latency": Found("latency", absent="Stale."),
    }
    checks = by_id(take(POLICY, found))
    assert checks["gate.stage.train"].outcome is Outcome.SKIPPED
    assert checks["gate.stage.train"].reason == "Not reached, because 'validate' did not pass."
    assert (checks["gate.stage.evaluate"].outcome, checks["gate.stage.evaluate"].reason) == (
        Outcome.ERROR,
        "This is no JSON.",
    )
    assert checks["gate.stage.latency"].outcome is Outcome.SKIPPED
    for decision in ("improvement", "skill", "size", "latency"):
        check = checks[f"gate.{decision}"]
        assert check.outcome is Outcome.SKIPPED
        assert check.reason == "Not judged, because 'validate' did not pass."
        assert check.title


def test_a_stop_does_not_excuse_what_comes_before_it():
    found = {**good(), "validate": Found("validate"), "drift": write("drift", [judge("a", "A", ok=False)])}
    checks = by_id(take(POLICY, found))
    assert checks["gate.stage.validate"].outcome is Outcome.ERROR
    assert checks["gate.stage.drift"].outcome is Outcome.FAIL


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_left_out_warns_and_is_not_used(stage):
    policy = change(POLICY, required=[name for name in STAGES if name != stage])
    checks = by_id(take(policy, {**good(), stage: write(stage, [judge("a", "A", ok=False)])}))
    words = f"Not judged: gate.required in pavedroad.toml leaves {stage!r} out."
    check = checks[f"gate.stage.{stage}"]
    assert (check.outcome, check.reason, check.title) == (Outcome.WARN, words, f"The stage {stage!r} passed")
    judged_by = {"evaluate": ["improvement", "skill"], "train": ["size"], "latency": ["latency"]}
    for decision in judged_by.get(stage, []):
        check = checks[f"gate.{decision}"]
        assert (check.outcome, check.reason) == (Outcome.WARN, words)
    assert worst(check.outcome for check in checks.values()) is Outcome.WARN


def test_a_decision_without_evidence_is_never_silent():
    assert lack("a", "A", "train", POLICY, "").outcome is Outcome.ERROR
    assert lack("a", "A", "train", POLICY, "").reason == "There is no evidence from 'train'."
    assert lack("a", "A", "train", POLICY, "validate").outcome is Outcome.SKIPPED
    left_out = lack("a", "A", "train", change(POLICY, required=["drift"]), "validate")
    assert (left_out.id, left_out.title, left_out.outcome) == ("a", "A", Outcome.WARN)


BROKEN = {
    "nothing": {stage: Found(stage) for stage in STAGES},
    "damaged": {stage: Found(stage, damaged="No JSON.") for stage in STAGES},
    "behind a no": {"validate": write("validate", [judge("a", "A", ok=False)]), "train": Found("train")},
    "no numbers": {stage: write(stage, [judge("a", "A", ok=True)]) for stage in STAGES},
    "another confidence": {
        "evaluate": write("evaluate", [difference(f"metric.{of}", 1, 2, 3, 0.5) for of in ("improvement", "skill")])
    },
    "no model": {
        "train": write("train", [Check(id="model.size", title="S", outcome=Outcome.SKIPPED), judge("a", "A", ok=True)])
    },
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_decided_keeps_its_title(case):
    titles = {check.id: check.title for check in take(POLICY, good())}
    checks = take(POLICY, {**good(), **BROKEN[case]})
    assert {check.id: check.title for check in checks} == titles
    assert worst(check.outcome for check in checks) in {Outcome.ERROR, Outcome.FAIL}


def test_where_all_passed_nothing_stopped():
    assert weigh(POLICY, list(good().values())).stopped == ""


def test_decisions_about_nothing_are_errors():
    for check in decide(POLICY, Evidence([], {}, "")):
        assert check.outcome is Outcome.ERROR
        assert check.reason.startswith("There is no evidence from")


# --- decisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["improvement", "skill"])
@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        ((1e-12, 1.0, 2.0), Outcome.PASS),
        ((0.0, 1.0, 2.0), Outcome.FAIL),
        ((0.0, 0.0, 0.0), Outcome.FAIL),
        ((-1e-12, 1.0, 2.0), Outcome.FAIL),
        ((-2.0, -1.0, -0.5), Outcome.FAIL),
        ((2.0, 1.0, 0.5), Outcome.ERROR),
        ((0.5, math.nan, 1.0), Outcome.ERROR),
        ((0.5, 1.0, math.inf), Outcome.ERROR),
        ((True, 1.0, 2.0), Outcome.ERROR),
        (("0.5", 1.0, 2.0), Outcome.ERROR),
        ((None, 1.0, 2.0), Outcome.ERROR),
    ],
    ids=str,
)
def test_the_whole_interval_lies_above(which, numbers, outcome):
    kept = [check for check in good()["evaluate"].report.checks if not check.id.endswith(which)]
    checks = by_id(take(POLICY, with_checks(good(), "evaluate", [*kept, difference(f"metric.{which}", *numbers)])))
    assert checks[f"gate.{which}"].outcome is outcome
    if outcome is Outcome.ERROR:
        assert checks[f"gate.{which}"].reason == (
            f"The evaluation holds no finite metric.{which} with its limits. If another version of the road made it, "
            "make it again: dvc repro --force evaluate."
        )


@pytest.mark.parametrize(
    ("which", "rival", "said"),
    [
        ("improvement", "the baseline", "worse by 1, 95% interval -2 to -0.5"),
        ("skill", "the best constant", "worse by 1, 95% interval -2 to -0.5"),
    ],
)
def test_a_no_says_by_how_much(which, rival, said):
    kept = [check for check in good()["evaluate"].report.checks if not check.id.endswith(which)]
    found = with_checks(good(), "evaluate", [*kept, difference(f"metric.{which}", -2.0, -1.0, -0.5)])
    check = by_id(take(POLICY, found))[f"gate.{which}"]
    assert check.reason == f"Against {rival} the model is {said}; all of it would have to lie above 0."
    assert check.observed == said
    assert check.evidence == {"value": -2.0, "limit": 0.0, "way": "above", "scale": 1.5}


@pytest.mark.parametrize(("margin", "outcome"), [(0.0, "pass"), (0.49, "pass"), (0.5, "fail"), (3.0, "fail")])
def test_the_margin_is_for_the_baseline_alone(margin, outcome):
    checks = by_id(take(change(POLICY, margin=margin), good()))
    assert checks["gate.improvement"].outcome is Outcome(outcome)
    assert checks["gate.improvement"].expected == f"the whole interval above {margin:g}"
    assert checks["gate.skill"].outcome is Outcome.PASS


@pytest.mark.parametrize("confidence", [0.9, 0.99, None, "0.95", True, math.nan])
def test_an_interval_of_another_confidence_is_refused(confidence):
    wrong = difference("metric.improvement", 0.5, 1.0, 1.5, confidence)
    checks = by_id(take(POLICY, with_checks(good(), "evaluate", [wrong])))
    number = confidence if confidence in {0.9, 0.99} else None
    assert checks["gate.improvement"].outcome is Outcome.ERROR
    assert checks["gate.improvement"].reason == f"The evaluation is at {number} confidence, the policy at 0.95."


@pytest.mark.parametrize(
    ("p95", "outcome"),
    [(0.0, "pass"), (50.0, "pass"), (50.001, "fail"), (-0.001, "error"), (math.nan, "error"), (math.inf, "error")],
)
def test_latency(p95, outcome):
    found = with_checks(good(), "latency", [judge("latency.p95", "Timed", ok=True)], latency_p95=p95)
    check = by_id(take(POLICY, found))["gate.latency"]
    assert check.outcome is Outcome(outcome)
    assert (
        check.reason
        == {
            "pass": "",
            "fail": "One prediction takes longer than the budget of 50 ms.",
            "error": "The latency report holds no measurement.",
        }[outcome]
    )


@pytest.mark.parametrize("measured", [None, {}, {"p95": 1.0}])
def test_latency_without_a_measurement(measured):
    run = None if measured is None else Run(started="", duration_s=0.0, measured=measured)
    report = conclude("latency", [judge("latency.p95", "Timed", ok=True)], run=run)
    check = by_id(take(POLICY, {**good(), "latency": Found("latency", report)}))["gate.latency"]
    assert (check.outcome, check.reason) == (Outcome.ERROR, "The latency report holds no measurement.")


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        ({"bytes": 1}, "pass"),
        ({"bytes": 10_000_000}, "pass"),
        ({"bytes": 10_000_001}, "fail"),
        ({"bytes": 0}, "error"),
        ({"bytes": -1}, "error"),
        ({"bytes": "5"}, "error"),
        ({}, "error"),
    ],
    ids=str,
)
def test_size(evidence, outcome):
    found = with_checks(good(), "train", [judge("model.size", "Kept", ok=True, evidence=evidence)])
    check = by_id(take(POLICY, found))["gate.size"]
    assert check.outcome is Outcome(outcome)
    assert (
        check.reason
        == {
            "pass": "",
            "fail": "The model has 10 MB, over the budget of 10 MB.",
            "error": "The training report holds no model size.",
        }[outcome]
    )


def test_an_evaluation_that_says_no_and_measured_nothing_is_a_no_and_not_doubt():
    unmeasured = judge("evaluate.measured", "Measured", ok=False, reason="There was nothing to measure.")
    unweighed = Check(id="model.size", title="Kept", outcome=Outcome.SKIPPED, reason="There is none.")
    found = with_checks(with_checks(good(), "evaluate", [unmeasured]), "train", [judge("x", "X", ok=True), unweighed])
    checks = by_id(take(POLICY, found))
    for name in ("gate.improvement", "gate.skill", "gate.size"):
        assert checks[name].outcome is Outcome.SKIPPED
        assert checks[name].reason == "Not judged, because 'evaluate' did not pass."
    assert summarise(checks.values()) == "No: evaluate said no: There was nothing to measure."
    # What was measured is judged all the same, and what lacks its numbers without a no is doubt.
    measured = with_checks(good(), "evaluate", [*good()["evaluate"].report.checks, unmeasured])
    assert by_id(take(POLICY, measured))["gate.skill"].outcome is Outcome.PASS
    silent = with_checks(good(), "evaluate", [judge("a", "A", ok=True)])
    assert by_id(take(POLICY, silent))["gate.skill"].outcome is Outcome.ERROR


@pytest.mark.parametrize(("latency", "outcome"), [(True, "error"), (False, "warn")])
def test_size_without_a_model_is_waived_by_a_policy_that_asks_for_none(latency, outcome):
    required = [stage for stage in POLICY.required if latency or stage != "latency"]
    policy = msgspec.structs.replace(POLICY, required=required)
    skipped = Check(id="model.size", title="Kept", outcome=Outcome.SKIPPED, reason="There is none.")
    check = by_id(take(policy, with_checks(good(), "train", [judge("x", "X", ok=True), skipped])))["gate.size"]
    assert (check.outcome, check.reason) == (Outcome(outcome), "Not judged: There is none.")


def test_size_without_its_check():
    check = by_id(take(POLICY, with_checks(good(), "train", [judge("a", "A", ok=True)])))["gate.size"]
    assert (check.outcome, check.reason) == (Outcome.ERROR, "The training report holds no model size.")


WHOLE = Evidence([], {}, "")


def test_records_that_nobody_could_look_at_are_no_pass():
    missing = judge_records(None, POLICY, WHOLE)
    assert (missing.id, missing.outcome) == ("gate.records", Outcome.ERROR)
    assert missing.title == judge_records([], POLICY, WHOLE).title
    assert judge_records(None, POLICY, Evidence([], {}, "train")).outcome is Outcome.SKIPPED
    left_out = change(POLICY, required=["train"])
    assert judge_records(None, left_out, WHOLE).outcome is Outcome.WARN


def test_records():
    held = judge_records([], POLICY, WHOLE)
    assert (held.id, held.outcome, held.observed, held.reason) == ("gate.records", Outcome.PASS, [], "")
    assert (held.title, held.expected) == ("The commit holds the record of what its code makes", "nothing behind")
    behind = judge_records(["dvc.lock", "reports/metrics.json"], POLICY, WHOLE)
    assert behind.outcome is Outcome.FAIL
    assert behind.observed == ["dvc.lock", "reports/metrics.json"]
    assert behind.reason == "Behind: dvc.lock, reports/metrics.json. Run `pavedroad check` and commit them."


# --- the end --------------------------------------------------------------------------------------------------------


def of(*outcomes):
    return [Check(id=str(place), title=f"T{place}", outcome=Outcome(item)) for place, item in enumerate(outcomes)]


@pytest.mark.parametrize("no", ["fail", "error"])
def test_what_was_skipped_stays_so_behind_a_no(no):
    assert close(of("pass", "skipped", no)) == of("pass", "skipped", no)


def test_what_was_skipped_without_a_no_is_an_error():
    assert close(of("pass", "skipped", "warn")) == of("pass", "error", "warn")
    assert close([]) == []


def test_the_summary_names_the_first_of_the_worst():
    first = Check(id="a", title="The first", outcome=Outcome.WARN)
    second = Check(id="b", title="The second", outcome=Outcome.FAIL, reason="No good.")
    third = Check(id="c", title="The third", outcome=Outcome.ERROR, reason="No idea.")
    assert summarise([first]) == "Yes, with a warning: The first"
    assert summarise([first, second, second]) == "No: No good."
    assert summarise([first, second, third]) == "Cannot judge: No idea."
    assert summarise(of("pass")) == "Yes: every required stage passed."
