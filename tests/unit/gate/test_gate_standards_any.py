"""The decisions that a policy may ask for, over any evidence: none gets better when its evidence gets poorer or worse.

A world holds numbers on both sides of every limit. It is judged, then spoilt, worsened or held against a stricter
policy, and judged again: 15,000 times where there is time, by the hundred elsewhere.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

import msgspec
import pytest
from gate_evidence import (
    BASE,
    DEFAULTS,
    about,
    changes,
    compared,
    evaluated,
    gain,
    groups,
    packed,
    scene,
    sexes,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pavedroad.foundation.gate.decision import Found
from pavedroad.foundation.gate.standards import decide_more
from pavedroad.report import Check, Outcome, conclude
from pavedroad.settings import Gate

TODAY = date(2026, 3, 10)
QUICK, MANY = 200, 5_000
STEPS = st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0, 2.0])
NAMES = ["north", "south", "west", "east"]

SEVERITY = {Outcome.PASS: 0, Outcome.WARN: 1, Outcome.FAIL: 2, Outcome.ERROR: 2}
"""A no and no answer are the same here: neither lets a model go on."""


@dataclass(frozen=True)
class Facts:
    """What the reports of a world say."""

    gain: tuple[float, float, float]
    improvement: tuple[float, float, float]
    looks: int
    regions: dict[str, float]
    changes: dict[str, tuple[float, float, float]]
    sexes: dict[str, float]
    above: float
    below: float
    """How far the limits of the gap lie above and below it."""
    calibration: float
    days: int
    card: dict[str, str]
    licences: dict[str, str]
    left_out: int = 0
    first: bool = False


@dataclass(frozen=True)
class World:
    """A policy, and facts to judge by it."""

    policy: dict[str, object]
    facts: Facts
    better: str


def interval(centre, below, above):
    return (centre - below, centre, centre + above)


@st.composite
def facts(draw):
    centre = draw(st.sampled_from([-1.0, -0.25, 0.0, 0.25, 1.0]))
    names = draw(st.integers(1, 4))
    values = {name: draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0])) for name in NAMES[:names]}
    drawn = {
        name: interval(draw(st.sampled_from([-2.0, -0.5, 0.0, 1.0])), draw(STEPS), draw(STEPS))
        for name in NAMES[:names]
    }
    return Facts(
        gain=interval(centre, draw(STEPS), draw(STEPS)),
        improvement=interval(draw(st.sampled_from([-1.0, 0.5, 1.0, 6.0])), draw(STEPS), draw(STEPS)),
        looks=draw(st.integers(1, 3)),
        regions=values,
        changes=drawn,
        sexes={
            name: draw(st.sampled_from([0.5, 1.0, 1.5, 2.5])) for name in ("f", "m", "x")[: draw(st.integers(1, 3))]
        },
        above=draw(STEPS),
        below=draw(STEPS),
        calibration=draw(st.sampled_from([0.0, 0.05, 0.1, 0.2])),
        days=draw(st.integers(0, 4)),
        card={name: draw(st.sampled_from(["", " ", "Said."])) for name in ("owner", "ethics")},
        licences={name: draw(st.sampled_from(["MIT", "Zlib", "X", ""])) for name in ("a", "b")},
        left_out=draw(st.sampled_from([0, 0, 0, 1])),
        first=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def worlds(draw):
    unjudged = draw(st.sampled_from(["error", "warn"]))
    policy = {
        "champion": draw(st.sampled_from(["auto", "required"])),
        "champion_margin": draw(st.sampled_from([0.0, 0.25, 0.5])),
        "champion_share": draw(st.sampled_from([0.0, 0.1, 0.5])),
        "superiority": draw(st.booleans()),
        "looks": draw(st.integers(1, 2)),
        "slice": [
            {
                "column": "region",
                "floor": draw(st.sampled_from([1.0, 2.0])),
                "regression": draw(st.sampled_from([0.0, 0.5])),
                "unjudged": unjudged,
            }
        ],
        "fairness": [{"column": "sex", "max_gap": draw(st.sampled_from([0.25, 0.5, 1.0])), "unjudged": unjudged}],
        "max_calibration_error": draw(st.sampled_from([0.05, 0.1])),
        "max_data_age_days": draw(st.sampled_from([1.0, 2.0])),
        "min_value": draw(st.sampled_from([0.5, 1.0])),
        "card": draw(st.sampled_from([["owner"], ["owner", "ethics"]])),
        "licences": draw(st.sampled_from([["MIT"], ["MIT", "Zlib"]])),
    }
    return World(policy, draw(facts()), draw(st.sampled_from(["lower", "higher"])))


def write(told):
    """The reports in which facts stand: the evaluation, the package, the comparison."""
    numbers = [*told.sexes.values()]
    gap = max(numbers) - min(numbers)
    low, value, high = told.improvement
    few = {"left_out": told.left_out, "reason": "Left out: some."}
    evaluation = evaluated(
        Check(
            id="metric.improvement",
            title="I",
            outcome=Outcome.PASS,
            observed={"low": low, "value": value, "high": high},
        ),
        *groups("evaluate.slice", "region", told.regions, **few),
        about("evaluate.calibration", value=told.calibration),
    )
    package = packed(
        about("package.card", **told.card),
        about("package.components", **dict.fromkeys(told.licences, "1.0")),
        about("package.licences", **told.licences),
    )
    met = [about("compare.first", base=BASE)] if told.first else [gain(*told.gain, looks=told.looks, error=0.25)]
    limits = (max(0.0, gap - told.below), gap, gap + told.above)
    comparison = compared(
        *met,
        *changes(**few, **told.changes),
        *sexes(told.sexes, limits, **few).checks,
        about("compare.newest", newest=str(TODAY - timedelta(days=told.days))),
    )
    return {"evaluate": evaluation, "package": package, "compare": comparison}


def judge(world, reports=None, comparison=None):
    """How severe each decision comes out, by its id."""
    known = write(world.facts) if reports is None else reports
    policy = msgspec.convert({**DEFAULTS, **world.policy}, Gate)
    found = comparison or Found("compare", known.get("compare"))
    stages = [known[name] for name in ("evaluate", "package") if name in known]
    terms = {"base": BASE, "better": world.better, "value_per_unit": 1.0, "today": TODAY}
    return {check.id: SEVERITY[check.outcome] for check in decide_more(scene(policy, stages, found, **terms))}


def rises(before, after):
    """Every decision is taken again, and none is more lenient than before."""
    assert before.keys() == after.keys()
    return [id_ for id_ in before if after[id_] < before[id_]] == []


# --- poorer ---------------------------------------------------------------------------------------------------------

NO_NUMBERS = [None, True, False, [], [1.0], {}, {"value": 1.0}, math.nan, math.inf, -math.inf, 10**400]
NO_TEXTS = ["", "NaN", "inf", "1", "0.9", "pass"]


@st.composite
def spoils(draw, reports):
    """The reports with a part of one of them gone, twice there, or made into something that is no number."""
    name = draw(st.sampled_from(sorted(reports)))
    checks = list(reports[name].checks)
    place = draw(st.integers(0, len(checks) - 1))
    check = checks[place]
    ways = ["gone", "twice", "the report"]
    ways += ["observed"] if isinstance(check.observed, dict) else []
    ways += ["no number", "no text", "no key"] if check.evidence else []
    way = draw(st.sampled_from(ways))
    if way == "the report":
        return {stage: report for stage, report in reports.items() if stage != name}
    if way == "gone":
        del checks[place]
    elif way == "twice":
        checks.append(check)
    elif way == "observed":
        key = draw(st.sampled_from([*check.observed, ""]))
        hostile = draw(st.sampled_from([*NO_NUMBERS, *NO_TEXTS]))
        observed = {**check.observed, key: hostile} if key else hostile
        checks[place] = msgspec.structs.replace(check, observed=observed)
    else:
        key = draw(st.sampled_from(sorted(check.evidence)))
        # Any text fills a field of the card, so there only what is none spoils it.
        hostile = NO_NUMBERS if way == "no number" or check.id == "package.card" else NO_TEXTS
        spoilt = {**check.evidence, key: draw(st.sampled_from(hostile))}
        if way == "no key":
            del spoilt[key]
        checks[place] = msgspec.structs.replace(check, evidence=spoilt)
    return {**reports, name: conclude(name, checks)}


def check_that_poorer_evidence_never_helps(world, data):
    before, reports = judge(world), write(world.facts)
    for _ in range(data.draw(st.integers(1, 3))):
        if reports:
            reports = data.draw(spoils(reports))
    assert rises(before, judge(world, reports))


@given(world=worlds(), data=st.data())
@settings(max_examples=QUICK)
def test_poorer_evidence_never_helps(world, data):
    check_that_poorer_evidence_never_helps(world, data)


@pytest.mark.slow
@given(world=worlds(), data=st.data())
@settings(max_examples=MANY)
def test_poorer_evidence_never_helps_by_the_thousand(world, data):
    check_that_poorer_evidence_never_helps(world, data)


@given(world=worlds(), why=st.sampled_from(["absent", "damaged"]))
@settings(max_examples=QUICK)
def test_a_comparison_that_is_stale_or_damaged_is_no_evidence(world, why):
    found = Found("compare", write(world.facts)["compare"], **{why: "For a reason."})
    after = judge(world, comparison=found)
    by_it = ("gate.champion", "gate.regression.region", "gate.fairness.sex", "gate.age")
    assert [after[id_] for id_ in by_it] == [2, 2, 2, 2]


# --- worse ----------------------------------------------------------------------------------------------------------


def shift(numbers, by):
    return tuple(number + by for number in numbers)


WORSE = {
    # Its middle stays where it is: what the champion gains over the baseline is counted from there.
    "gain": lambda told, by, _, __: {"gain": (told.gain[0] - by, *told.gain[1:])},
    "improvement": lambda told, by, _, __: {"improvement": shift(told.improvement, -by)},
    "regions": lambda told, by, name, sign: {"regions": {**told.regions, name: told.regions[name] + sign * by}},
    "changes": lambda told, by, name, _: {"changes": {**told.changes, name: shift(told.changes[name], -by)}},
    "sexes": lambda told, by, _, __: {"sexes": raise_highest(told.sexes, by)},
    "calibration": lambda told, by, _, __: {"calibration": told.calibration + by},
    "days": lambda told, by, _, __: {"days": told.days + math.ceil(by)},
    "card": lambda told, _, __, ___: {"card": {**told.card, "owner": " "}},
    "licences": lambda told, _, __, ___: {"licences": {**told.licences, "a": "X"}},
    "left_out": lambda told, _, __, ___: {"left_out": told.left_out + 1},
}


def raise_highest(values, by):
    highest = max(values, key=values.__getitem__)
    return {**values, highest: values[highest] + by}


def worsen(world, what, by, name):
    """The same facts with one of them worse by a step."""
    return replace(world.facts, **WORSE[what](world.facts, by, name, 1.0 if world.better == "lower" else -1.0))


def check_that_worse_evidence_never_helps(world, what, by, place):
    name = [*world.facts.regions][place % len(world.facts.regions)]
    worse = replace(world, facts=worsen(world, what, by, name))
    assert rises(judge(world), judge(worse))


@given(world=worlds(), what=st.sampled_from(sorted(WORSE)), by=STEPS, place=st.integers(0, 3))
@settings(max_examples=QUICK)
def test_worse_evidence_never_helps(world, what, by, place):
    check_that_worse_evidence_never_helps(world, what, by, place)


@pytest.mark.slow
@given(world=worlds(), what=st.sampled_from(sorted(WORSE)), by=STEPS, place=st.integers(0, 3))
@settings(max_examples=MANY)
def test_worse_evidence_never_helps_by_the_thousand(world, what, by, place):
    check_that_worse_evidence_never_helps(world, what, by, place)


# --- stricter -------------------------------------------------------------------------------------------------------


def tighten(policy, what, better):
    """The policy with one setting stricter."""
    (limit,), (fairness,) = policy["slice"], policy["fairness"]
    floor = limit["floor"] + (-0.5 if better == "lower" else 0.5)
    return {
        **policy,
        **{
            "champion_margin": {"champion_margin": policy["champion_margin"] / 2},
            "champion_share": {"champion_share": policy["champion_share"] / 2},
            "superiority": {"superiority": True},
            "looks": {"looks": policy["looks"] + 1},
            "floor": {"slice": [{**limit, "floor": floor}]},
            "regression": {"slice": [{**limit, "regression": limit["regression"] / 2}]},
            "unjudged": {
                "slice": [{**limit, "unjudged": "error"}],
                "fairness": [{**fairness, "unjudged": "error"}],
            },
            "max_gap": {"fairness": [{**fairness, "max_gap": fairness["max_gap"] / 2}]},
            "max_calibration_error": {"max_calibration_error": policy["max_calibration_error"] / 2},
            "max_data_age_days": {"max_data_age_days": policy["max_data_age_days"] / 2},
            "min_value": {"min_value": policy["min_value"] * 2},
            "card": {"card": ["owner", "ethics"]},
            "licences": {"licences": ["MIT"]},
            "confidence": {"confidence": 0.99},
        }[what],
    }


STRICTER = [
    *("champion_margin", "champion_share", "superiority", "looks", "floor", "regression", "unjudged", "max_gap"),
    *("max_calibration_error", "max_data_age_days", "min_value", "card", "licences", "confidence"),
]


def check_that_a_stricter_policy_never_helps(world, what):
    assert rises(judge(world), judge(replace(world, policy=tighten(world.policy, what, world.better))))


@given(world=worlds(), what=st.sampled_from(STRICTER))
@settings(max_examples=QUICK)
def test_a_stricter_policy_never_helps(world, what):
    check_that_a_stricter_policy_never_helps(world, what)


@pytest.mark.slow
@given(world=worlds(), what=st.sampled_from(STRICTER))
@settings(max_examples=MANY)
def test_a_stricter_policy_never_helps_by_the_thousand(world, what):
    check_that_a_stricter_policy_never_helps(world, what)


# --- that all of this can fail --------------------------------------------------------------------------------------

GOOD = World(
    {
        "champion": "auto",
        "champion_share": 0.0,
        "slice": [{"column": "region", "floor": 2.0, "regression": 0.5}],
        "fairness": [{"column": "sex", "max_gap": 0.5}],
        "max_calibration_error": 0.1,
        "max_data_age_days": 2.0,
        "min_value": 0.5,
        "card": ["owner"],
        "licences": ["MIT"],
    },
    Facts(
        gain=(0.0, 1.0, 2.0),
        improvement=(0.5, 1.0, 2.0),
        looks=1,
        regions={"north": 1.0, "south": 2.0},
        changes={"north": (0.0, 1.0, 2.0), "south": (-1.0, 0.0, 1.0)},
        sexes={"f": 1.0, "m": 1.25},
        above=0.25,
        below=0.25,
        calibration=0.1,
        days=2,
        card={"owner": "Ada", "ethics": ""},
        licences={"a": "MIT", "b": "MIT"},
    ),
    "lower",
)


def test_a_good_world_passes_every_decision():
    assert set(judge(GOOD).values()) == {0}
    assert len(judge(GOOD)) == 9


def test_lenience_is_noticed():
    assert rises({"a": 1, "b": 0}, {"a": 1, "b": 2})
    assert not rises({"a": 1, "b": 0}, {"a": 0, "b": 2})


@pytest.mark.parametrize("what", WORSE)
def test_every_way_to_be_worse_ends_in_a_no(what):
    after = judge(replace(GOOD, facts=worsen(GOOD, what, 2.0, "south")))
    assert [id_ for id_, severity in after.items() if severity], what
