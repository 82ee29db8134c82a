"""Evidence for the decisions that a policy may ask for, made by hand: policies, reports, and what came of them."""

from datetime import date

import msgspec

from pavedroad.config import default_settings
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.scene import Scene
from pavedroad.foundation.gate.standards import decide_more
from pavedroad.report import Check, Outcome, conclude, judge
from pavedroad.settings import Gate

DEFAULTS = default_settings()["gate"]
BASE = "a" * 40
METRIC = "mean_absolute_error"


def policy(**keys):
    return msgspec.convert({**DEFAULTS, "champion": "off", **keys}, Gate)


def evidence(reports=(), stopped=""):
    return Evidence([], {report.stage: report for report in reports}, stopped)


def scene(gate, reports=(), comparison=None, **changes):
    known = {
        "base": "",
        "metric": METRIC,
        "better": "lower",
        "value_per_unit": 0.0,
        "today": date(2026, 3, 10),
        "stopped": "",
        **changes,
    }
    found = comparison if isinstance(comparison, Found) else Found("compare", comparison)
    return Scene(policy=gate, evidence=evidence(reports, known.pop("stopped")), comparison=found, **known)


def decide(*arguments, **changes):
    return {check.id: check for check in decide_more(scene(*arguments, **changes))}


def only(*arguments, **changes):
    (check,) = decide(*arguments, **changes).values()
    return check


def evaluated(*checks):
    return conclude("evaluate", [judge("a", "A", ok=True), *checks])


def compared(*checks):
    return conclude("compare", [judge("a", "A", ok=True), *checks])


def about(id_, **terms):
    return Check(id=id_, title="T", outcome=Outcome.PASS, evidence=terms)


def gain(low, value, high, **terms):
    found = {"base": BASE, "confidence": 0.95, "looks": 1, "rows": 1000, **terms}
    observed = {"low": low, "value": value, "high": high}
    return Check(id="compare.difference", title="D", outcome=Outcome.PASS, observed=observed, evidence=found)


def group(prefix, name, value, column="region", metric=METRIC, **more):
    return about(f"{prefix}.{column}.{name}", column=column, group=name, metric=metric, value=value, **more)


def census(prefix, column, measured, left_out=0, reason=""):
    """How many groups of a column the evidence holds, and why it lacks the others."""
    terms = {"column": column, "groups": measured + left_out, "measured": measured}
    return Check(id=f"{prefix}s.{column}", title="C", outcome=Outcome.PASS, reason=reason, evidence=terms)


def groups(prefix, column, values, left_out=0, reason=""):
    """The metric of each group of a column, and their number."""
    found = [group(prefix, name, value, column=column) for name, value in values.items()]
    return [*found, census(prefix, column, len(found), left_out, reason)]


def sexes(values, gap=None, confidence=0.95, metric=METRIC, **more):
    """The metric by sex, and the gap with its limits, which are far apart unless given."""
    numbers = [value for value in values.values() if type(value) in {int, float}]
    away = max(numbers, default=0.0) - min(numbers, default=0.0)
    low, middle, high = gap or (0.5 * away, away, 2.0 * away)
    observed = {"low": low, "value": middle, "high": high}
    terms = {"confidence": confidence, "metric": metric}
    told = Check(id="compare.gap.sex", title="G", outcome=Outcome.PASS, observed=observed, evidence=terms)
    return compared(*groups("compare.group", "sex", values, **more), told)


def changes(left_out=0, reason="", **intervals):
    """By how much each region is better off than with the champion, and their number."""
    found = [change_of(name, *interval) for name, interval in intervals.items()]
    return [*found, census("compare.slice", "region", len(found), left_out, reason)]


def change_of(name, low, value, high):
    observed = {"low": low, "value": value, "high": high}
    terms = {"column": "region", "group": name, "metric": METRIC}
    return Check(id=f"compare.slice.region.{name}", title="S", outcome=Outcome.PASS, observed=observed, evidence=terms)


def improvement(low, value, high):
    observed = {"low": low, "value": value, "high": high}
    return evaluated(Check(id="metric.improvement", title="I", outcome=Outcome.PASS, observed=observed))


def packed(*checks):
    return conclude("package", [judge("package.manifest", "M", ok=True), *checks])


def licensed(**licences):
    """The package's report with the packages that a model needs, and under which licences they are used."""
    return packed(about("package.components", **dict.fromkeys(licences, "1.0")), about("package.licences", **licences))
