"""Evidence: strict JSON in and out, an outcome that follows from its checks, files that appear whole or not at all."""

import json
import math
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad import report as module
from pavedroad.errors import EvidenceError
from pavedroad.report import (
    Check,
    Figure,
    Input,
    Outcome,
    Place,
    Report,
    Run,
    Severity,
    conclude,
    decode,
    encode,
    finite,
    judge,
    read_report,
    run_path,
    worst,
    write_report,
    write_whole,
)

GOOD = {
    "schema": "pavedroad.report/1",
    "stage": "validate",
    "outcome": "pass",
    "checks": [{"id": "a", "title": "A holds", "outcome": "pass"}],
}


def written(tmp_path, **changes):
    """A report on disk: the good one above with some of its keys replaced."""
    path = tmp_path / "validate.json"
    path.write_text(json.dumps({**GOOD, **changes}))
    return path


# --- outcomes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], "skipped"),
        (["skipped"], "skipped"),
        (["skipped", "pass"], "pass"),
        (["pass", "warn"], "warn"),
        (["warn", "fail", "pass"], "fail"),
        (["fail", "error", "warn"], "error"),
    ],
)
def test_the_worst_outcome_counts(outcomes, expected):
    assert worst(Outcome(item) for item in outcomes) is Outcome(expected)


@given(st.lists(st.sampled_from(Outcome)))
def test_the_worst_outcome_does_not_depend_on_the_order(outcomes):
    assert worst(outcomes) is worst(reversed(outcomes))


@pytest.mark.parametrize(
    ("ok", "severity", "expected"),
    [
        (True, "critical", "pass"),
        (True, "warning", "pass"),
        (True, "info", "pass"),
        (False, "critical", "fail"),
        (False, "warning", "warn"),
        (False, "info", "pass"),
    ],
)
def test_the_severity_decides_what_a_no_comes_to(ok, severity, expected):
    assert judge("a", "A holds", ok=ok, severity=Severity(severity)).outcome is Outcome(expected)


def test_a_stage_without_a_single_check_is_an_error():
    assert conclude("validate", []).outcome is Outcome.ERROR


def test_a_stage_comes_to_the_worst_of_its_checks():
    checks = [judge("a", "A holds", ok=True), judge("b", "B holds", ok=False)]
    assert conclude("validate", checks).outcome is Outcome.FAIL


# --- strict JSON ----------------------------------------------------------------------------------------------------

NOT_STRICT = {
    "NaN": ("[NaN]", "NaN"),
    "infinity": ("[Infinity]", "Infinity"),
    "minus infinity": ("[-Infinity]", "-Infinity"),
    "a number beyond every float": ("[1e999]", "too large"),
    "a number below every float": ("[-1e999]", "too large"),
    "a key that stands twice": ('{"a": 1, "a": 1}', "'a' stands twice"),
    "a key that stands twice, deep inside": ('[{"b": {"a": 1, "a": 2}}]', "'a' stands twice"),
    "a key that stands twice in two spellings": ('{"a": 1, "\\u0061": 2}', "'a' stands twice"),
    "an integer of 20 digits": ("[" + "9" * 20 + "]", "more than 19 digits"),
    "nesting deeper than anyone needs": ("[" * 100_000 + "]" * 100_000, "strict JSON"),
    "half a surrogate pair": ('["\\ud800"]', "surrogates not allowed"),
    "a byte order mark": ("\ufeff[]", "BOM"),
    "two documents": ("[] []", "Extra data"),
    "nothing": ("", "Expecting value"),
    "half a document": ('{"a": ', "Expecting value"),
    "a comment": ("[] // fine", "Extra data"),
}


@pytest.mark.parametrize(("text", "why"), NOT_STRICT.values(), ids=NOT_STRICT)
def test_json_that_two_readers_could_read_differently_is_refused(text, why):
    with pytest.raises(EvidenceError, match="This is not strict JSON") as caught:
        decode(text.encode())
    assert why in caught.value.what


def test_json_is_read_to_a_fixed_depth_on_every_python():
    def nest(depth):
        return b'{"]": ' * (depth - 1) + b'["\\"[[["]' + b"}" * (depth - 1)

    assert decode(nest(module.MAX_DEPTH))
    with pytest.raises(EvidenceError, match=f"more than {module.MAX_DEPTH} deep"):
        decode(nest(module.MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ("[" + "9" * 19 + "]", [int("9" * 19)]),
        ("[1e308]", [1e308]),
        ('["\\ud83d\\ude00"]', ["\N{GRINNING FACE}"]),
        ("[" * 50 + "]" * 50, None),
    ],
    ids=["plain values", "19 digits", "a large float", "a whole surrogate pair", "50 levels"],
)
def test_json_within_the_bounds_is_read(text, expected):
    found = decode(text.encode())
    assert expected is None or found == expected


def test_bytes_that_are_not_utf_8_are_refused():
    with pytest.raises(EvidenceError, match="utf-8"):
        decode(b'["\xff"]')


def test_a_document_over_the_limit_is_refused_and_one_at_the_limit_is_not(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    assert decode(b'"12345678"') == "12345678"
    with pytest.raises(EvidenceError, match="11 bytes; at most 10"):
        decode(b'"123456789"')


def test_a_very_long_integer_is_refused_before_it_costs_time():
    began = time.perf_counter()
    with pytest.raises(EvidenceError):
        decode(b"[" + b"9" * 4_000_000 + b"]")
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_encoding_refuses_a_number_that_json_does_not_have(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"a": value})
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(conclude("validate", [judge("a", "A holds", ok=True, observed=value)]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), (0.1, 0.1), (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")],
)
def test_a_number_that_is_not_finite_becomes_its_name(value, expected):
    assert finite(value) == expected


# --- round trip -----------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | NUMBERS | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(TEXT, SCALARS, max_size=4)
CHECKS = st.builds(
    Check,
    id=TEXT,
    title=TEXT,
    outcome=st.sampled_from(Outcome),
    severity=st.sampled_from(Severity),
    observed=VALUES,
    expected=VALUES,
    reason=TEXT,
    evidence=st.dictionaries(TEXT, VALUES, max_size=3),
    where=st.none() | st.builds(Place, file=TEXT, line=st.none() | st.integers(1, 10**6)),
)
RUNS = st.builds(
    Run,
    started=TEXT,
    duration_s=NUMBERS,
    commit=st.none() | TEXT,
    dirty=st.none() | st.booleans(),
    versions=st.dictionaries(TEXT, TEXT, max_size=2),
    measured=st.dictionaries(TEXT, NUMBERS, max_size=2),
)
FIGURES = st.builds(
    Figure,
    id=TEXT,
    kind=st.sampled_from(["intervals", "fit", "confusion", "distribution", "effects", "flow"]),
    title=TEXT,
    data=st.dictionaries(TEXT, st.lists(SCALARS, max_size=3), max_size=3),
    unit=TEXT,
)
INPUTS = st.builds(Input, path=TEXT, sha256=TEXT, rows=st.none() | st.integers(0, 10**9))
REPORTS = st.builds(
    conclude,
    st.just("validate"),
    st.lists(CHECKS, max_size=4),
    summary=TEXT,
    inputs=st.lists(INPUTS, max_size=2),
    figures=st.lists(FIGURES, max_size=2),
    about=st.dictionaries(TEXT, TEXT, max_size=2),
    run=st.none() | RUNS,
)


@given(report=REPORTS)
def test_what_is_written_is_what_is_read(tmp_path_factory, report):
    path = tmp_path_factory.mktemp("reports") / "validate.json"
    write_report(path, report)
    assert read_report(path) == report


@given(report=REPORTS)
def test_the_same_report_is_always_the_same_bytes_and_never_holds_its_run(tmp_path_factory, report):
    paths = [tmp_path_factory.mktemp("reports") / "validate.json" for _ in range(2)]
    for path in paths:
        write_report(path, report)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert "run" not in json.loads(paths[0].read_bytes())


# --- reading --------------------------------------------------------------------------------------------------------

REFUSED = {
    "an outcome better than its checks": (
        {"checks": [{"id": "a", "title": "A", "outcome": "fail"}]},
        "claims 'pass', but its checks come to 'fail'",
    ),
    "an outcome worse than its checks": ({"outcome": "fail"}, "claims 'fail', but its checks come to 'pass'"),
    "a pass without a check": ({"checks": []}, "come to 'skipped'"),
    "a pass whose checks were all skipped": (
        {"checks": [{"id": "a", "title": "A", "outcome": "skipped"}]},
        "come to 'skipped'",
    ),
    "another stage than its file": ({"stage": "train"}, "of stage 'train', not 'validate'"),
    "another schema": ({"schema": "pavedroad.report/2"}, "Invalid enum value 'pavedroad.report/2'"),
    "an unknown key": ({"verdict": "pass"}, "unknown field `verdict`"),
    "an unknown key in a check": (
        {"checks": [{"id": "a", "title": "A", "outcome": "pass", "ok": True}]},
        "unknown field `ok`",
    ),
    "an unknown outcome": ({"outcome": "passed"}, "Invalid enum value 'passed'"),
    "an outcome in capitals": ({"outcome": "PASS"}, "Invalid enum value 'PASS'"),
    "a boolean for an outcome": ({"outcome": True}, "got `bool`"),
    "null for the checks": ({"checks": None}, "Expected `array`"),
    "a number for a title": ({"checks": [{"id": "a", "title": 1, "outcome": "pass"}]}, "Expected `str`"),
    "a list inside a list": (
        {"checks": [{"id": "a", "title": "A", "outcome": "pass", "observed": [[1]]}]},
        "Expected",
    ),
    "an unknown kind of figure": (
        {"figures": [{"id": "a", "kind": "script", "title": "A", "data": {}}]},
        "Invalid enum value 'script'",
    ),
}


@pytest.mark.parametrize(("changes", "why"), REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_no_report_is_refused(tmp_path, changes, why):
    with pytest.raises(EvidenceError) as caught:
        read_report(written(tmp_path, **changes))
    assert why in caught.value.what
    assert caught.value.where.endswith("validate.json")


@pytest.mark.parametrize("missing", ["schema", "stage", "outcome"])
def test_a_report_without_one_of_its_keys_is_refused(tmp_path, missing):
    path = tmp_path / "validate.json"
    path.write_text(json.dumps({key: value for key, value in GOOD.items() if key != missing}))
    with pytest.raises(EvidenceError, match=f"missing required field `{missing}`"):
        read_report(path)


def test_the_good_report_is_read(tmp_path):
    report = read_report(written(tmp_path))
    assert (report.outcome, report.checks[0].title, report.run) == (Outcome.PASS, "A holds", None)


@pytest.mark.parametrize("content", ["[]", "1", '"pass"', "null"])
def test_json_that_is_no_object_is_no_report(tmp_path, content):
    path = tmp_path / "validate.json"
    path.write_text(content)
    with pytest.raises(EvidenceError, match="not a valid report"):
        read_report(path)


def test_a_missing_report_and_a_folder_are_refused_in_words(tmp_path):
    with pytest.raises(EvidenceError, match="No such file"):
        read_report(tmp_path / "validate.json")
    (tmp_path / "train.json").mkdir()
    with pytest.raises(EvidenceError, match="Is a directory"):
        read_report(tmp_path / "train.json")


# --- the run section ------------------------------------------------------------------------------------------------

RUN = Run(started="2026-03-02T08:15:00Z", duration_s=1.5, measured={"latency.p95": 3.1})


def test_the_run_section_lies_beside_the_report_and_is_read_with_it(tmp_path):
    path = tmp_path / "validate.json"
    write_report(path, conclude("validate", [judge("a", "A holds", ok=True)], run=RUN))
    assert run_path(path) == tmp_path / "run" / "validate.json"
    assert read_report(path).run == RUN


def test_an_older_run_is_not_read_as_this_ones(tmp_path):
    path = tmp_path / "validate.json"
    write_report(path, conclude("validate", [judge("a", "A holds", ok=True)], run=RUN))
    write_report(path, conclude("validate", [judge("a", "A holds", ok=False)]))
    assert read_report(path).run is None


@pytest.mark.parametrize(
    "content", ["{}", '{"started": "x", "duration_s": NaN}', '{"started": "x", "duration_s": "1"}']
)
def test_a_damaged_run_section_makes_the_report_unreadable(tmp_path, content):
    path = written(tmp_path)
    run_path(path).parent.mkdir()
    run_path(path).write_text(content)
    with pytest.raises(EvidenceError):
        read_report(path)


# --- writing --------------------------------------------------------------------------------------------------------


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writing_makes_the_folders_it_needs(tmp_path):
    write_whole(tmp_path / "a" / "b" / "c.txt", b"c")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"c"
    assert listing(tmp_path / "a" / "b") == ["c.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert listing(tmp_path) == ["a.txt"]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.txt", b"new")
    assert listing(tmp_path) == []


def test_a_reader_meets_the_old_content_or_the_new_but_nothing_between(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, b"a" * 100_000)
    with path.open("rb") as reader:
        half = reader.read(50_000)
        write_whole(path, b"b" * 100_000)
        assert half + reader.read() == b"a" * 100_000
    assert path.read_bytes() == b"b" * 100_000


def test_a_report_is_frozen():
    report = conclude("validate", [judge("a", "A holds", ok=False)])
    with pytest.raises(AttributeError):
        report.outcome = Outcome.PASS
    assert isinstance(report, Report)
