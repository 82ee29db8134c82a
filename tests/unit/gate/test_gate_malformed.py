"""Every malformed file against every decision that reads one: refused, with a reason that names what is wrong.

A case spoils the file in one way: the number that a decision compares, the file's outline, or its bytes. The twin of
each decision is its own file unspoilt, which passes.
"""

import json
from datetime import date

import msgspec
import pytest

from pavedroad.config import default_settings
from pavedroad.errors import EvidenceError
from pavedroad.foundation.gate.decision import Found, close, decide, weigh
from pavedroad.foundation.gate.standards import Scene, decide_more
from pavedroad.foundation.project import STAGES
from pavedroad.report import Outcome, read_report, worst
from pavedroad.settings import Gate

POLICY = msgspec.convert(
    {
        **default_settings()["gate"],
        "max_calibration_error": 0.1,
        "max_data_age_days": 2.0,
        "card": ["ethics"],
        "licences": ["MIT"],
        "slice": [{"column": "shop", "floor": 5.0, "regression": 0.5}],
        "fairness": [{"column": "sex", "max_gap": 1.0}],
    },
    Gate,
)
BASE = "a" * 40
METRIC = "mean_absolute_error"
NUMBER = "@"


def check(id_, evidence, **more):
    return {"id": id_, "title": "T", "outcome": "pass", "evidence": evidence, **more}


def difference(id_, low, **terms):
    return check(id_, {"confidence": 0.95, **terms}, observed={"low": low, "value": 1.0, "high": 2.0})


def group(prefix, column, name, value, **more):
    terms = {"column": column, "group": name, "metric": METRIC, "value": value}
    return check(f"{prefix}.{column}.{name}", terms, **more)


def counted(prefix, column, number):
    return check(f"{prefix}s.{column}", {"column": column, "groups": number, "measured": number})


def report(stage, *checks):
    return {
        "schema": "pavedroad.report/1",
        "stage": stage,
        "outcome": "pass",
        "checks": list(checks) or [{"id": "a", "title": "A", "outcome": "pass"}],
    }


def evaluation(improvement=0.5, skill=0.5, worst=4.0, calibration=0.05):
    return report(
        "evaluate",
        difference("metric.improvement", improvement),
        difference("metric.skill", skill),
        group("evaluate.slice", "shop", "south", worst),
        counted("evaluate.slice", "shop", 1),
        check("evaluate.calibration", {"value": calibration}),
    )


def comparison(gain=0.5, south=0.5, women=2.0, gap=0.1, newest="2026-03-09"):
    return report(
        "compare",
        difference("compare.difference", gain, base=BASE, looks=1),
        group("compare.slice", "shop", "south", None, observed={"low": -1.0, "value": -0.5, "high": south}),
        counted("compare.slice", "shop", 1),
        group("compare.group", "sex", "f", women),
        group("compare.group", "sex", "m", 2.5),
        counted("compare.group", "sex", 2),
        check(
            "compare.gap.sex", {"confidence": 0.95, "metric": METRIC}, observed={"low": gap, "value": 0.5, "high": 1}
        ),
        check("compare.newest", {"newest": newest}),
    )


def packing():
    return report(
        "package",
        check("package.card", {"ethics": "Nobody is harmed."}),
        check("package.components", {"numpy": "2.0"}),
        check("package.licences", {"numpy": "MIT"}),
    )


def training(size=2_000_000):
    return report("train", check("model.size", {"bytes": size}))


def run(value=12.5):
    return {"started": "2026-03-02T08:15:00Z", "duration_s": 1.0, "measured": {"latency.p95": value}}


GOOD = {
    **{f"{stage}.json": report(stage) for stage in ("validate", "drift", "latency")},
    "train.json": training(),
    "evaluate.json": evaluation(),
    "package.json": packing(),
    "compare.json": comparison(),
    "run/latency.json": run(),
}

COMPARATORS = {
    "improvement": ("evaluate.json", evaluation(improvement=NUMBER)),
    "skill": ("evaluate.json", evaluation(skill=NUMBER)),
    "size": ("train.json", training(NUMBER)),
    "latency": ("run/latency.json", run(NUMBER)),
    "champion": ("compare.json", comparison(gain=NUMBER)),
    "slice.shop": ("evaluate.json", evaluation(worst=NUMBER)),
    "regression.shop": ("compare.json", comparison(south=NUMBER)),
    "fairness.sex": ("compare.json", comparison(women=NUMBER)),
    "fairness.sex, its gap": ("compare.json", comparison(gap=NUMBER)),
    "calibration": ("evaluate.json", evaluation(calibration=NUMBER)),
    "age": ("compare.json", comparison(newest=NUMBER)),
}
OF_TEXTS = {"card": ("package.json", packing()), "licences": ("package.json", packing())}
"""Decisions that compare no number; a file that is malformed as a whole stops them too."""

NUMBERS = {
    "NaN": "NaN",
    "minus NaN": "-NaN",
    "nan": "nan",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "inf": "inf",
    "too large for a float": "1e999",
    "too small for a float": "-1e999",
    "a very long integer": "1" * 400,
    "twenty digits": "1" * 20,
    "a number as text": '"9"',
    "NaN as text": '"NaN"',
    "Infinity as text": '"Infinity"',
    "a number with a comma": '"0,9"',
    "a number with a space": '"0.9 "',
    "empty text": '""',
    "the word pass": '"pass"',
    "true": "true",
    "false": "false",
    "True": "True",
    "null": "null",
    "None": "None",
    "a list": "[0.9]",
    "an empty list": "[]",
    "a table": '{"value": 0.9}',
    "an empty table": "{}",
    "hexadecimal": "0x9",
    "octal": "09",
    "a plus sign": "+0.9",
    "no digit before the point": ".9",
    "no digit after the point": "9.",
    "an underscore": "1_000",
    "a fraction": "1/2",
    "a percentage": "90%",
    "two numbers": "0.9 0.9",
    "nothing": "",
    "a comment": "0.9 // fine",
    "Arabic digits": "٩",
    "full-width digits": "\uff19",
}


def bytes_of(change):
    return lambda text: change(text.encode())


def amend(change):
    def apply(text):
        document = json.loads(text)
        change(document)
        return json.dumps(document).encode()

    return apply


FILES = {
    "no bytes at all": bytes_of(lambda _: b""),
    "white space": bytes_of(lambda _: b" \n"),
    "a byte order mark": bytes_of(lambda content: b"\xef\xbb\xbf" + content),
    "UTF-16": lambda text: text.encode("utf-16"),
    "a byte that is no UTF-8": bytes_of(lambda content: content.replace(b'"', b'"\xff', 1)),
    "a NUL byte at the end": bytes_of(lambda content: content + b"\0"),
    "half of it": bytes_of(lambda content: content[: len(content) // 2]),
    "all but the last byte": bytes_of(lambda content: content.rstrip()[:-1]),
    "twice": bytes_of(lambda content: content + content),
    "something behind it": bytes_of(lambda content: content + b"garbage"),
    "a list of it": bytes_of(lambda content: b"[" + content + b"]"),
    "a text of it": lambda text: json.dumps(text).encode(),
    "a number": bytes_of(lambda _: b"1"),
    "YAML": bytes_of(lambda _: b"outcome: pass\n"),
    "a web page": bytes_of(lambda _: b"<html>404</html>"),
    "a merge conflict": bytes_of(lambda content: b"<<<<<<< HEAD\n" + content),
    "a trailing comma": bytes_of(lambda content: content.rstrip()[:-1] + b",}"),
    "single quotes": lambda text: text.replace('"', "'").encode(),
    "too deep": bytes_of(lambda content: content.rstrip()[:-1] + b', "x": ' + b"[" * 200 + b"]" * 200 + b"}"),
    "an unknown key": amend(lambda document: document.update(verdict="pass")),
    "half a character": bytes_of(lambda content: content.replace(b'": "', b'": "\\ud800', 1)),
}
REPORTS_ALONE = {
    "the next schema": amend(lambda document: document.update(schema="pavedroad.report/2")),
    "another schema": amend(lambda document: document.update(schema="report")),
    "no schema": amend(lambda document: document.pop("schema")),
    "the schema as a number": amend(lambda document: document.update(schema=1)),
    "another stage": amend(lambda document: document.update(stage="gate")),
    "no stage": amend(lambda document: document.pop("stage")),
    "no outcome": amend(lambda document: document.pop("outcome")),
    "an outcome of its own": amend(lambda document: document.update(outcome="fine")),
    "a true outcome": amend(lambda document: document.update(outcome=True)),
    "a better outcome than its checks": amend(lambda document: document["checks"][0].update(outcome="fail")),
    "a worse outcome than its checks": amend(lambda document: document.update(outcome="warn")),
    "no checks": amend(lambda document: document.update(checks=[])),
    "checks by name": amend(lambda document: document.update(checks={"a": "pass"})),
    "a check without an id": amend(lambda document: document["checks"][0].pop("id")),
    "a check as a text": amend(lambda document: document.update(checks=["pass"])),
    "a severity of its own": amend(lambda document: document["checks"][0].update(severity="mild")),
    "two outcomes": lambda text: text.replace('"outcome"', '"outcome": "fail", "outcome"', 1).encode(),
    "two lists of checks": lambda text: text.replace('"checks"', '"checks": [], "checks"', 1).encode(),
}


def lay(folder, files):
    for name, document in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())


def find(folder, stage):
    try:
        return Found(stage, read_report(folder / f"{stage}.json"))
    except EvidenceError as error:
        return Found(stage, damaged=str(error))


def take(folder):
    evidence = weigh(POLICY, [find(folder, stage) for stage in STAGES])
    scene = Scene(POLICY, evidence, find(folder, "compare"), BASE, METRIC, "lower", 0.0, date(2026, 3, 10))
    return close([*evidence.checks, *decide(POLICY, evidence), *decide_more(scene)])


def refused(checks, comparator, name):
    """The reason why a decision was not taken, from the decision itself or from the stage that it rests on."""
    by_id = {check.id: check for check in checks}
    stage = name.removeprefix("run/").removesuffix(".json")
    decision, about = by_id[f"gate.{comparator.partition(',')[0]}"], by_id.get(f"gate.stage.{stage}")
    assert worst(check.outcome for check in checks) is Outcome.ERROR
    assert decision.outcome in {Outcome.ERROR, Outcome.SKIPPED}
    if about is not None and about.outcome is Outcome.ERROR:
        return about.reason
    assert decision.outcome is Outcome.ERROR
    return decision.reason


def test_files_that_are_whole_pass(tmp_path):
    lay(tmp_path, GOOD)
    assert {check.outcome for check in take(tmp_path)} == {Outcome.PASS}
    asked = {check.id.removeprefix("gate.") for check in take(tmp_path)}
    assert {name.partition(",")[0] for name in (*COMPARATORS, *OF_TEXTS)} == {
        name for name in asked if not name.startswith("stage.")
    }


NO_NUMBER = ("not strict JSON", "not a valid", "no finite", "holds no", "no two groups", "on which day")


@pytest.mark.parametrize("case", NUMBERS)
def test_what_is_no_number_is_refused_by_name(tmp_path, case):
    for comparator, (name, document) in COMPARATORS.items():
        lay(tmp_path, {**GOOD, name: json.dumps(document).replace(f'"{NUMBER}"', NUMBERS[case]).encode()})
        reason = refused(take(tmp_path), comparator, name)
        assert any(words in reason for words in NO_NUMBER), (comparator, reason)


@pytest.mark.parametrize("case", [*FILES, *REPORTS_ALONE])
def test_what_is_no_report_is_refused_by_name(tmp_path, case):
    for comparator, (of, _) in {**COMPARATORS, **OF_TEXTS}.items():
        name = "latency.json" if case in REPORTS_ALONE and of.startswith("run/") else of
        text = json.dumps(GOOD[name])
        spoilt = {**FILES, **REPORTS_ALONE}[case](text)
        assert spoilt != text.encode()
        lay(tmp_path, {**GOOD, name: spoilt})
        reason = refused(take(tmp_path), comparator, name)
        assert any(words in reason for words in ("not strict JSON", "not a valid", "claims", "is of stage")), reason


def test_the_table_is_as_long_as_promised():
    assert len(NUMBERS) + len(FILES) + len(REPORTS_ALONE) >= 60
