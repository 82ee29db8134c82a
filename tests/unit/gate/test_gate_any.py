"""The gate over any reports at all, on disk: no change to them turns what does not pass into a pass."""

import json

import pytest
from gate_road import CHECKS, FILES, Road, difference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pavedroad.foundation.project import STAGES
from pavedroad.report import Check, Outcome, judge


@pytest.fixture
def road(world):
    made = Road(world(FILES))
    made.lay()
    return made


# --- anything at all ------------------------------------------------------------------------------------------------

NOT_PASSING = {
    "validation said no": ("validate", [judge("a", "A", ok=False)]),
    "drift was skipped": ("drift", [Check(id="a", title="A", outcome=Outcome.SKIPPED)]),
    "the model is no better": (
        "evaluate",
        [judge("metric.improvement", "B", ok=True, **difference(-1.0, 0.5, 1.0)), CHECKS["evaluate"][1]],
    ),
    "the model is too large": ("train", [judge("model.size", "Kept", ok=True, evidence={"bytes": 99_000_000})]),
}

WORDS = ["pass", "warn", "fail", "skipped", "validate", "metric.improvement", "bytes", "0.95"]
NUMBERS = st.integers(-10, 10**9) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.sampled_from(["low", "value", "high", "confidence", "bytes", "outcome", "id"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def places(document, path=()):
    """Every place in a JSON document."""
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def put(document, path, value):
    if not path:
        return value
    document = dict(document) if isinstance(document, dict) else list(document)
    document[path[0]] = put(document[path[0]], path[1:], value)
    return document


@pytest.mark.slow
@pytest.mark.parametrize(("spoilt", "checks"), NOT_PASSING.values(), ids=NOT_PASSING)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_to_the_reports_turns_what_does_not_pass_into_a_pass(road, spoilt, checks, data):
    road.write(spoilt, checks)
    for stage in STAGES:
        if stage != spoilt:
            road.write(stage, CHECKS[stage])
    road.sign()
    assert road.outcome() not in {Outcome.PASS, Outcome.WARN}
    # Who can sign can also say yes; so what is signed here is any report but the one that says no.
    signed = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 4))):
        stage = data.draw(st.sampled_from([stage for stage in STAGES if not (signed and stage == spoilt)]))
        document = road.document(stage)
        path = data.draw(st.sampled_from(list(places(document))))
        road.tamper(stage, json.dumps(put(document, path, data.draw(JSON))))
        if not isinstance(road.document(stage), dict):
            break
    if signed:
        road.sign()
    assert road.outcome() not in {Outcome.PASS, Outcome.WARN}


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_lies_in_a_report_the_gate_decides_in_words(road, data):
    stage = data.draw(st.sampled_from(STAGES))
    road.write(stage, CHECKS[stage])
    document = road.document(stage)
    path = data.draw(st.sampled_from(list(places(document))))
    road.tamper(stage, json.dumps(put(document, path, data.draw(JSON))))
    road.sign()
    report = road.judge()
    assert report.outcome in set(Outcome)
    assert report.summary
    road.write(stage, CHECKS[stage])
    road.sign()
