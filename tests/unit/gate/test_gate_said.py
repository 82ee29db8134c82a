"""What each decision that a policy may ask for says, whole: its id, title, outcome, numbers, reason and evidence."""

from pathlib import Path

import pytest
from gate_evidence import (
    BASE,
    about,
    changes,
    compared,
    decide,
    evaluated,
    gain,
    groups,
    improvement,
    licensed,
    packed,
    policy,
    sexes,
)

from pavedroad.foundation.gate.decision import Found
from pavedroad.report import Check, Outcome, Severity, conclude

AUTO = {"champion": "auto", "champion_share": 0.0}
NOTHING = Found("compare")
STALE = Found("compare", compared(gain(1, 2, 3)), absent="It is stale.")
DAMAGED = Found("compare", damaged="It is no JSON.")
FIRST = compared(about("compare.first", base=BASE))
BROKEN = conclude("compare", [Check(id="e", title="E", outcome=Outcome.ERROR, reason="The model broke.")])
SHARE = {"champion": "auto", "champion_share": 0.1}


def meet(numbers, reports=(), keys=AUTO, **terms):
    return decide(policy(**keys), reports, compared(gain(*numbers, **terms)), base=BASE)


def look(reports, comparison=None, base="", stopped="", worth=0.0, better="lower", **keys):
    found = decide(policy(**keys), reports, comparison, base=base, stopped=stopped, value_per_unit=worth, better=better)
    return {id_: check for id_, check in found.items() if id_ != "gate.champion"}


def regions(left_out=0, reason="", **values):
    return [evaluated(*groups("evaluate.slice", "region", values, left_out, reason))]


FEW = {"left_out": 1, "reason": "Left out: west (3 held-out rows; 20 are needed)."}
WARN = {"unjudged": "warn"}
FLOOR = {"slice": [{"column": "region", "floor": 2.0}]}
LENIENT = {"slice": [{"column": "region", "floor": 2.0, **WARN}]}
WORSE = {"champion": "auto", "slice": [{"column": "region", "regression": 0.5}]}
FAIR = {"fairness": [{"column": "sex", "max_gap": 0.5}]}
CALIBRATED = {"max_calibration_error": 0.05}
FRESH = {"max_data_age_days": 2.0}
WORTH = {"min_value": 100.0}
CARD = {"card": ["owner", "ethics"]}
FREE = {"licences": ["MIT", "Zlib"]}
OUT = {"required": ["drift"]}

CASES = {
    "champion: better": lambda: meet((1.25, 3.125, 5.0)),
    "champion: not worse": lambda: meet((-0.5, -0.25, 5.0), keys={**AUTO, "champion_margin": 0.5}),
    "champion: better, as it must be": lambda: meet((1.0, 2.0, 3.0), keys={**AUTO, "superiority": True}),
    "champion: worse": lambda: meet((-5.0, -3.0, -1.0)),
    "champion: worse by the margin, exactly": lambda: meet((-2.0, -1.0, -0.5), keys={**AUTO, "champion_margin": 0.5}),
    "champion: cannot tell": lambda: meet((-1.0, 1.0, 3.0), error=1.0),
    "champion: cannot tell whether better": lambda: meet(
        (-1.0, 1.0, 3.0), keys={**AUTO, "superiority": True}, error=1.0, looks=3
    ),
    "champion: no rows help": lambda: meet((-1.0, -0.5, 0.5), error=1.0),
    "champion: exactly on the bound": lambda: meet((-1.0, 0.0, 1.0), error=1.0),
    "champion: in part": lambda: meet((-0.5, 0.0, 0.5), [improvement(5.0, 6.0, 7.0)], keys=SHARE),
    "champion: lost too much": lambda: meet((-3.0, -2.0, -1.0), [improvement(5.0, 6.0, 7.0)], keys=SHARE),
    "champion: lost perhaps too much": lambda: meet(
        (-1.0, 0.0, 1.0), [improvement(5.0, 6.0, 7.0)], keys=SHARE, error=0.5
    ),
    "champion: looks": lambda: meet((1.0, 2.0, 3.0), looks=2),
    "champion: fewer looks than asked for": lambda: meet((1.0, 2.0, 3.0), keys={**AUTO, "looks": 2}),
    "champion: another confidence": lambda: meet((1.0, 2.0, 3.0), confidence=0.9),
    "champion: another base": lambda: meet((1.0, 2.0, 3.0), base="b"),
    "champion: no finite difference": lambda: meet((None, 2.0, 3.0)),
    "champion: a first release": lambda: decide(policy(**AUTO), [], FIRST, base=BASE),
    "champion: neither": lambda: decide(policy(**AUTO), [], compared(), base=BASE),
    "champion: broken": lambda: decide(policy(**AUTO), [], BROKEN, base=BASE),
    "champion: nothing": lambda: decide(policy(**AUTO), [], NOTHING, base=BASE),
    "champion: stale": lambda: decide(policy(**AUTO, superiority=True), [], STALE, base=BASE),
    "champion: damaged": lambda: decide(policy(**AUTO), [], DAMAGED, base=BASE, stopped="train"),
    "champion: behind a no": lambda: decide(policy(**AUTO), [], NOTHING, base=BASE, stopped="train"),
    "champion: no base": lambda: decide(policy(champion="required")),
    "slice: kept": lambda: look(regions(north=1.0, south=2.0), **FLOOR),
    "slice: missed": lambda: look(regions(north=1.0, south=2.5), **FLOOR),
    "slice: missed from above": lambda: look(regions(north=1.5, south=2.5), better="higher", **FLOOR),
    "slice: strange": lambda: look(regions(north=1.0, south="2"), **FLOOR),
    "slice: none": lambda: look([evaluated()], **FLOOR),
    "slice: all but a group of few rows": lambda: look(regions(north=1.0, south=2.0, **FEW), **FLOOR),
    "slice: all but a group of few rows, as accepted": lambda: look(regions(north=1.0, south=2.0, **FEW), **LENIENT),
    "slice: missed, and a group of few rows": lambda: look(regions(north=1.0, south=2.5, **FEW), **LENIENT),
    "slice: groups of few rows alone": lambda: look(regions(**FEW), **LENIENT),
    "slice: no evaluation": lambda: look([], **FLOOR),
    "slice: behind a no": lambda: look([], stopped="train", **FLOOR),
    "slice: left out": lambda: look([], **FLOOR, **OUT),
    "regression: none": lambda: look([], compared(*changes(north=(-0.5, 1, 2))), base=BASE, **WORSE),
    "regression: one of two": lambda: look(
        [], compared(*changes(north=(1, 2, 3), south=(-3.0, -2.0, -0.75))), base=BASE, **WORSE
    ),
    "regression: a first release": lambda: look([], FIRST, base=BASE, **WORSE),
    "regression: no groups": lambda: look([], compared(), base=BASE, **WORSE),
    "regression: strange": lambda: look([], compared(*changes(north=(1, "2", 3))), base=BASE, **WORSE),
    "regression: all but a group of few rows": lambda: look(
        [], compared(*changes(north=(1, 2, 3), **FEW)), base=BASE, **WORSE
    ),
    "regression: groups of few rows alone": lambda: look([], compared(*changes(**FEW)), base=BASE, **WORSE),
    "regression: nothing": lambda: look([], NOTHING, base=BASE, **WORSE),
    "regression: stale": lambda: look([], STALE, base=BASE, **WORSE),
    "regression: no base": lambda: look([], NOTHING, **WORSE),
    "regression: no champion": lambda: look([], compared(), base=BASE, slice=WORSE["slice"]),
    "fairness: alike": lambda: look([], sexes({"f": 1.0, "m": 1.25, "x": 1.125}), **FAIR),
    "fairness: perhaps not alike": lambda: look([], sexes({"f": 1.0, "m": 1.5}), **FAIR),
    "fairness: a gap": lambda: look([], sexes({"f": 1.0, "m": 2.25}), **FAIR),
    "fairness: a gap the other way round": lambda: look([], sexes({"f": 2.25, "m": 1.0}), **FAIR),
    "fairness: perhaps a gap": lambda: look([], sexes({"f": 1.0, "m": 1.75}, (0.25, 0.75, 1.0)), **FAIR),
    "fairness: a gap, and a group of few rows": lambda: look([], sexes({"f": 1.0, "m": 2.25}, **FEW), **FAIR),
    "fairness: no gap": lambda: look([], sexes({"f": 1.0, "m": 1.5}, (0.0, None, 1.0)), **FAIR),
    "fairness: another gap": lambda: look([], sexes({"f": 1.0, "m": 1.5}, (0.0, 0.25, 1.0)), **FAIR),
    "fairness: a gap at another confidence": lambda: look([], sexes({"f": 1.0, "m": 1.5}, confidence=0.9), **FAIR),
    "fairness: one group": lambda: look([], sexes({"f": 1.0}), **FAIR),
    "fairness: strange": lambda: look([], sexes({"f": 1.0, "m": 1.0, "x": "1"}), **FAIR),
    "fairness: nothing": lambda: look([], NOTHING, **FAIR),
    "fairness: damaged": lambda: look([], DAMAGED, **FAIR),
    "fairness: stale": lambda: look([], STALE, **FAIR),
    "calibration: fine": lambda: look([evaluated(about("evaluate.calibration", value=0.05))], **CALIBRATED),
    "calibration: off": lambda: look([evaluated(about("evaluate.calibration", value=0.25))], **CALIBRATED),
    "calibration: perfect": lambda: look([evaluated(about("evaluate.calibration", value=0))], **CALIBRATED),
    "calibration: none": lambda: look([evaluated()], **CALIBRATED),
    "calibration: no evaluation": lambda: look([], **CALIBRATED),
    "calibration: behind a no": lambda: look([], stopped="train", **CALIBRATED),
    "calibration: left out": lambda: look([], **CALIBRATED, **OUT),
    "age: fresh": lambda: look([], compared(about("compare.newest", newest="2026-03-08 10:00:00")), **FRESH),
    "age: of today, as it must be": lambda: look(
        [], compared(about("compare.newest", newest="2026-03-10")), max_data_age_days=0.5
    ),
    "age: tomorrow": lambda: look([], compared(about("compare.newest", newest="2026-03-11")), **FRESH),
    "age: old": lambda: look([], compared(about("compare.newest", newest="2022-03-10")), **FRESH),
    "age: not come yet": lambda: look([], compared(about("compare.newest", newest="2026-03-12")), **FRESH),
    "age: no day": lambda: look([], compared(about("compare.newest", newest="soon")), **FRESH),
    "age: none": lambda: look([], compared(), **FRESH),
    "age: nothing": lambda: look([], NOTHING, **FRESH),
    "age: damaged": lambda: look([], DAMAGED, **FRESH),
    "age: stale": lambda: look([], STALE, **FRESH),
    "value: enough": lambda: look([improvement(1.0, 2.0, 3.0)], worth=100.0, **WORTH),
    "value: too little": lambda: look([improvement(0.5, 2.0, 3.0)], worth=100.0, **WORTH),
    "value: too little, by a small limit": lambda: look([improvement(0.5, 2.0, 3.0)], worth=0.5, min_value=0.75),
    "value: no worth, by a small limit": lambda: look([improvement(0.5, 2.0, 3.0)], min_value=0.75),
    "value: told of a small worth": lambda: look([improvement(1.0, 2.0, 3.0)], worth=0.5),
    "value: told": lambda: look([improvement(-1.0, 2.0, 3.0)], worth=10.0),
    "value: no worth": lambda: look([improvement(1.0, 2.0, 3.0)], **WORTH),
    "value: none": lambda: look([evaluated()], worth=1.0, **WORTH),
    "value: no evaluation": lambda: look([], worth=1.0, **WORTH),
    "value: behind a no": lambda: look([], worth=1.0, stopped="train", **WORTH),
    "value: left out": lambda: look([], worth=1.0, **WORTH, **OUT),
    "card: full": lambda: look([packed(about("package.card", owner="Ada", ethics="None."))], **CARD),
    "card: half": lambda: look([packed(about("package.card", owner="Ada", ethics=" "))], **CARD),
    "card: empty": lambda: look([packed(about("package.card", limits="All."))], **CARD),
    "card: none": lambda: look([packed()], **CARD),
    "card: no package": lambda: look([], **CARD),
    "card: behind a no": lambda: look([], stopped="train", **CARD),
    "card: left out": lambda: look([], **CARD, **OUT),
    "licences: listed": lambda: look([licensed(a="MIT", b="zlib")], **FREE),
    "licences: unlisted": lambda: look([licensed(a="MIT", b="GPL-3.0-only", c="")], **FREE),
    "licences: many": lambda: look([licensed(**dict.fromkeys("abcdefghijkl", "X"))], **FREE),
    "licences: none": lambda: look([packed()], **FREE),
    "licences: of nobody knows what": lambda: look([packed(about("package.licences", a="MIT"))], **FREE),
    "licences: empty": lambda: look([packed(about("package.licences"))], **FREE),
    "licences: no package": lambda: look([], **FREE),
    "licences: behind a no": lambda: look([], stopped="train", **FREE),
    "licences: left out": lambda: look([], **FREE, **OUT),
}


TITLES = {
    "gate.champion": "The model is not worse than the champion",
    "gate.slice.region": "No group of 'region' falls behind the floor",
    "gate.regression.region": "No group of 'region' is worse off than with the champion",
    "gate.fairness.sex": "The model serves the groups of 'sex' alike",
    "gate.calibration": "The probabilities mean what they say",
    "gate.age": "The data is fresh enough",
    "gate.value": "The improvement is worth what it must be",
    "gate.card": "The model card says what it must",
    "gate.licences": "The model is made with nothing but listed licences",
}
SUPERIOR = {"champion: better, as it must be", "champion: cannot tell whether better", "champion: stale"}
SUPERIOR_TITLE = "The model beats the champion"


def tell(check):
    """Of what came of a check, all that is said, in one line."""
    evidence = [check.evidence[key] for key in ("value", "limit", "way", "scale", "unit") if key in check.evidence]
    assert len(check.evidence) == len(evidence)
    assert check.severity is Severity.CRITICAL
    numbers = " ".join(f"{item:.9g}" if isinstance(item, float) else item for item in evidence)
    parts = (check.outcome.value, check.observed or "-", check.expected or "-", check.reason or "-", numbers or "-")
    return " | ".join(parts)


def read_said():
    """The words that are expected, by case, as they stand in ``gate_said.txt``."""
    lines = (Path(__file__).parent / "gate_said.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines)


SAID = read_said()


@pytest.mark.parametrize("case", CASES)
def test_what_a_decision_says(case):
    checks = list(CASES[case]().items())
    assert " / ".join(tell(check) for _, check in checks) == SAID[case]
    for id_, check in checks:
        assert id_.removeprefix("gate.").startswith(case.partition(":")[0])
        assert check.title == (SUPERIOR_TITLE if case in SUPERIOR else TITLES[id_])


def test_all_that_is_asked_for_is_decided_in_one_order():
    everything = {**WORSE, **FAIR, **CALIBRATED, **FRESH, **WORTH, **CARD, **FREE}
    limits = [{"column": "region", "floor": 2.0, "regression": 0.5}, {"column": "shop", "floor": 1.0}]
    found = decide(policy(**{**everything, "slice": limits}), [], NOTHING, base=BASE, value_per_unit=1.0)
    assert list(found) == [
        "gate.champion",
        "gate.slice.region",
        "gate.regression.region",
        "gate.slice.shop",
        "gate.fairness.sex",
        "gate.calibration",
        "gate.age",
        "gate.value",
        "gate.card",
        "gate.licences",
    ]


def test_every_case_is_expected():
    assert list(CASES) == list(SAID)
