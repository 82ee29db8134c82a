"""Every malformed file against every decision that reads one: refused, with a reason that names what is wrong.

A case spoils the file in one way: the number that a decision compares, the file's outline, or its bytes. The twin of
each decision is its own file unspoilt, which passes.
"""

import json

import msgspec
import pytest

from pavedroad.config import default_settings
from pavedroad.errors import EvidenceError
from pavedroad.foundation.gate.decision import Found, close, decide, weigh
from pavedroad.foundation.project import STAGES
from pavedroad.report import Outcome, read_report, worst
from pavedroad.settings import Gate

POLICY = msgspec.convert(default_settings()["gate"], Gate)
NUMBER = "@"


def difference(id_, low):
    observed = {"low": low, "value": 1.0, "high": 2.0}
    return {"id": id_, "title": "B", "outcome": "pass", "observed": observed, "evidence": {"confidence": 0.95}}


def report(stage, *checks):
    return {
        "schema": "pavedroad.report/1",
        "stage": stage,
        "outcome": "pass",
        "checks": list(checks) or [{"id": "a", "title": "A", "outcome": "pass"}],
    }


def size(value):
    return {"id": "model.size", "title": "S", "outcome": "pass", "evidence": {"bytes": value}}


def run(value):
    return {"started": "2026-03-02T08:15:00Z", "duration_s": 1.0, "measured": {"latency.p95": value}}


GOOD = {
    **{f"{stage}.json": report(stage) for stage in ("validate", "drift", "package", "latency")},
    "train.json": report("train", size(2_000_000)),
    "evaluate.json": report("evaluate", difference("metric.improvement", 0.5), difference("metric.skill", 0.5)),
    "run/latency.json": run(12.5),
}

COMPARATORS = {
    "improvement": (
        "evaluate.json",
        report("evaluate", difference("metric.improvement", NUMBER), difference("metric.skill", 0.5)),
    ),
    "skill": (
        "evaluate.json",
        report("evaluate", difference("metric.improvement", 0.5), difference("metric.skill", NUMBER)),
    ),
    "size": ("train.json", report("train", size(NUMBER))),
    "latency": ("run/latency.json", run(NUMBER)),
}
FITTING = {"improvement": "0.5", "skill": "0.5", "size": "2000000", "latency": "12.5"}

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
    return close([*evidence.checks, *decide(POLICY, evidence)])


def refused(checks, comparator, stage):
    """The reason why a decision was not taken, from the decision itself or from the stage that it rests on."""
    by_id = {check.id: check for check in checks}
    decision, about = by_id[f"gate.{comparator}"], by_id[f"gate.stage.{stage}"]
    assert worst(check.outcome for check in checks) is Outcome.ERROR
    assert decision.outcome in {Outcome.ERROR, Outcome.SKIPPED}
    assert decision.outcome is Outcome.ERROR or about.outcome is Outcome.ERROR
    return about.reason if about.outcome is Outcome.ERROR else decision.reason


@pytest.mark.parametrize("comparator", COMPARATORS)
def test_a_file_that_is_whole_passes(tmp_path, comparator):
    name, document = COMPARATORS[comparator]
    text = json.dumps(document).replace(f'"{NUMBER}"', FITTING[comparator])
    lay(tmp_path, {**GOOD, name: text.encode()})
    assert {check.outcome for check in take(tmp_path)} == {Outcome.PASS}


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("case", NUMBERS)
def test_what_is_no_number_is_refused_by_name(tmp_path, comparator, case):
    name, document = COMPARATORS[comparator]
    lay(tmp_path, {**GOOD, name: json.dumps(document).replace(f'"{NUMBER}"', NUMBERS[case]).encode()})
    reason = refused(take(tmp_path), comparator, name.removeprefix("run/").removesuffix(".json"))
    assert any(words in reason for words in ("not strict JSON", "not a valid", "no finite", "holds no m"))


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("case", [*FILES, *REPORTS_ALONE])
def test_what_is_no_report_is_refused_by_name(tmp_path, comparator, case):
    name, document = COMPARATORS[comparator]
    if case in REPORTS_ALONE and name.startswith("run/"):
        name = "latency.json"
        document = GOOD[name]
    text = json.dumps(document).replace(f'"{NUMBER}"', FITTING[comparator])
    spoilt = {**FILES, **REPORTS_ALONE}[case](text)
    assert spoilt != text.encode()
    lay(tmp_path, {**GOOD, name: spoilt})
    reason = refused(take(tmp_path), comparator, name.removeprefix("run/").removesuffix(".json"))
    assert any(words in reason for words in ("not strict JSON", "not a valid", "claims", "is of stage")), reason


def test_the_table_is_as_long_as_promised():
    assert len(NUMBERS) + len(FILES) + len(REPORTS_ALONE) >= 60
