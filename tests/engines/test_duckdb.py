"""DuckDB as a validation engine: where tables lie, what they are called, and what may go wrong with them."""

import json
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pavedroad.engines.arrow import blocks
from pavedroad.engines.arrow import schema as arrow_schema
from pavedroad.engines.duckdb import table as duckdb_table
from pavedroad.engines.duckdb import validation as duckdb
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.source import find_source, hold_table
from pavedroad.foundation.drift.reference import measure
from pavedroad.foundation.validation.judging import Limits, Question, judge_by
from pavedroad.foundation.validation.suite import load_suite

NOT_NULL, RANGE, UNIQUE = (
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_unique",
)


@pytest.fixture
def suite(tmp_path):
    def make(*wanted):
        path = tmp_path / "suite.json"
        entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in wanted]
        path.write_text(json.dumps({"expectations": entries}))
        return load_suite(path)

    return make


def find(source, made, **more):
    return duckdb.judge(Question(source, made, **more))


HOSTILE = [
    'a"b', "a'b", "a; DROP TABLE t; --", "c0", "C0", "t", "r", "rowid", "$p0", "p0", "*", "", " ", "a.b", "select",
    "ä", "日本", "{x}", "%s", "a\nb", "\\", "__index_level_x__",
]  # fmt: skip


@pytest.mark.parametrize("lies", ["parquet", "memory"])
def test_no_name_of_a_column_reaches_a_query(suite, tmp_path, lies):
    table = pa.table({name: [number, number + 1, None] for number, name in enumerate(HOSTILE)})
    source = hold_table(table)
    if lies == "parquet":
        pq.write_table(table, tmp_path / "t.parquet")
        source = find_source(tmp_path / "t.parquet")
    wanted = [(RANGE, {"column": name, "max_value": number}) for number, name in enumerate(HOSTILE)]
    judgement = find(source, suite(*wanted), named=tuple(HOSTILE), drawn=tuple(HOSTILE), keys=('a"b',))
    assert list(judgement.facts.names) == HOSTILE
    assert {facts.nulls for facts in judgement.facts.columns.values()} == {1}
    assert [found.evidence["unexpected"] for found in judgement.findings] == [1] * len(HOSTILE)
    assert judgement.findings[0].evidence["failing_rows"] == ['a"b=1']
    assert len(judgement.figures) == len(HOSTILE)


@pytest.mark.parametrize("text", ["'", "''); DROP TABLE t; --", '"', "$p0", "\\'", "x\0y"])
def test_no_text_of_a_suite_reaches_a_query(suite, text):
    table = pa.table({"a": [text, "other", None]})
    wanted = [
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": [text]}),
        (NOT_NULL, {"column": "a", "row_condition": f"a == {text!r}", "condition_parser": "pandas"}),
    ]
    one, two = find(hold_table(table), suite(*wanted)).findings
    assert (one.evidence["unexpected"], two.evidence["rows"]) == (1, 1)


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet", "a?.parquet", "a'b.parquet", "ä 日.parquet"])
def test_a_file_whose_name_has_wildcards_is_read_and_no_other(suite, tmp_path, name):
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / name)
    pq.write_table(pa.table({"a": [9, 9, 9]}), tmp_path / "a1.parquet")
    pq.write_table(pa.table({"a": [9, 9, 9]}), tmp_path / "ab.parquet")
    assert find(find_source(tmp_path / name), suite((NOT_NULL, {"column": "a"}))).facts.rows == 2


# --- where tables lie -----------------------------------------------------------------------------------------------


def write_parts(folder, kind):
    for number in range(3):
        part = pa.table({"id": [number * 10 + row for row in range(4)], "x": [1.0, 2.0, None, float(number)]})
        place = folder / f"year={2000 + number}"
        place.mkdir(parents=True)
        if kind == "parquet":
            pq.write_table(part, place / "part.parquet")
        else:
            pa.csv.write_csv(part, place / "part.csv")


def test_a_partitioned_folder_is_one_table_with_its_partitions_as_a_column(suite, tmp_path):
    write_parts(tmp_path / "d", "parquet")
    made = suite(
        (UNIQUE, {"column": "id"}),
        (RANGE, {"column": "year", "min_value": 2000, "max_value": 2001}),
        (NOT_NULL, {"column": "x"}),
    )
    judgement = find(find_source(tmp_path / "d"), made, limits=Limits(keys=2))
    assert (judgement.facts.rows, judgement.facts.names) == (12, ("id", "x", "year"))
    unique, year, gaps = judgement.findings
    assert unique.success
    assert year.evidence["failing_rows"] == ["year=2002/part.parquet row 1", "year=2002/part.parquet row 2"]
    assert gaps.evidence["failing_rows"] == ["year=2000/part.parquet row 3", "year=2001/part.parquet row 3"]
    assert judge_by("gx", Question(find_source(tmp_path / "d"), made)).facts == judgement.facts


@pytest.mark.parametrize("gaps", [0, 3])
@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
def test_nans_of_a_parquet_file_are_missing_though_its_statistics_know_of_none(tmp_path, type_, gaps):
    values = [1.5] * 5000 + [float("nan")] * 7 + [None] * gaps
    pq.write_table(pa.table({"x": pa.array(values, type_)}), tmp_path / "t.parquet")
    with duckdb_table.Table(find_source(tmp_path / "t.parquet"), Limits()) as table:
        assert table.ask("SELECT count(*), count(c0) FROM t WHERE c0 IS NULL OR c0 = 1.5") == [(5007 + gaps, 5000)]
        assert table.ask("SELECT max(c0), count(*) FILTER (WHERE isnan(c0)) FROM t") == [(1.5, 0)]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_pattern_names_the_parts_of_a_table(suite, tmp_path, kind):
    write_parts(tmp_path / "d", kind)
    source = find_source(tmp_path / "d" / "year=200[01]" / f"*.{kind}")
    assert find(source, suite((UNIQUE, {"column": "id"}))).facts.rows == 8


def test_parts_with_other_columns_are_refused_by_name(suite, tmp_path):
    write_parts(tmp_path / "d", "parquet")
    pq.write_table(pa.table({"id": [1], "y": [1.0]}), tmp_path / "d" / "year=2002" / "part.parquet")
    with pytest.raises(DataError, match="other columns") as caught:
        find(find_source(tmp_path / "d"), suite((UNIQUE, {"column": "id"})))
    assert caught.value.where.endswith("year=2002/part.parquet")


def test_a_large_csv_is_read_in_blocks_with_types_that_fit_all_of_it(suite, tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 1000)
    monkeypatch.setattr(blocks, "BLOCK", 4096)
    lines = [f"{number},{number},x{number}" for number in range(3000)]
    lines[2500] = "2500,0.5,x"
    lines[2700] = "word,7,x"
    (tmp_path / "t.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n")
    made = suite(
        (RANGE, {"column": "b", "min_value": 1}),
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "^[0-9]+$"}),
    )
    streamed = find(find_source(tmp_path / "t.csv"), made)
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 10**9)
    held = find(find_source(tmp_path / "t.csv"), made)
    assert streamed == held
    assert [found.evidence["failing_rows"] for found in held.findings] == [["row 1", "row 2501"], ["row 2701"]]


@pytest.mark.parametrize("size", ["small", "large"])
def test_parts_of_a_csv_are_one_table_whatever_their_size(suite, tmp_path, monkeypatch, size):
    if size == "large":
        monkeypatch.setattr(duckdb_table, "STREAM_FROM", 1000)
        monkeypatch.setattr(blocks, "BLOCK", 4096)
    for year, head, row in ((2000, "a,b", "{n},x"), (2001, "b,a", "y,{n}.5"), (2002, "a,b", ",")):
        (tmp_path / "d" / f"year={year}").mkdir(parents=True)
        rows = "\n".join(row.format(n=number) for number in range(800))
        (tmp_path / "d" / f"year={year}" / "part.csv").write_text(f"{head}\n{rows}\n")
    source = find_source(tmp_path / "d")
    made = suite(
        ("expect_column_values_to_be_in_set", {"column": "b", "value_set": ["x", "y"]}),
        (RANGE, {"column": "a", "max_value": 799}),
        ("expect_column_sum_to_be_between", {"column": "a", "min_value": 639_600, "max_value": 639_600}),
        (RANGE, {"column": "year", "min_value": 2001}),
    )
    judgement = find(source, made, named=("a", "b", "year"), limits=Limits(keys=1))
    found = [(finding.success, finding.evidence.get("failing_rows")) for finding in judgement.findings]
    assert found == [
        (True, None),
        (False, ["year=2001/part.csv row 800"]),
        (True, None),
        (False, ["year=2000/part.csv row 1"]),
    ]
    assert judgement.schema == arrow_schema.describe(source)
    assert judge_by("gx", Question(source, made, named=("a", "b", "year"))).facts == judgement.facts
    (tmp_path / "d" / "year=2002" / "part.csv").write_text("a,c\n1,2\n")
    with pytest.raises(DataError, match="other columns") as caught:
        find(source, made)
    assert caught.value.where.endswith("year=2002/part.csv")


def test_a_large_csv_that_is_ragged_is_refused(suite, tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 1000)
    monkeypatch.setattr(blocks, "BLOCK", 4096)
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 3000 + "1\n")
    with pytest.raises(DataError, match="Expected 2 columns") as caught:
        find(find_source(tmp_path / "t.csv"), suite((NOT_NULL, {"column": "a"})))
    assert caught.value.where.endswith("t.csv")


def test_little_memory_is_made_up_for_by_the_disk(suite, tmp_path):
    rows = 1_500_000
    pq.write_table(
        pa.table({"a": np.arange(rows)[::-1].copy(), "b": np.arange(rows) * 7 % rows}), tmp_path / "t.parquet"
    )
    made = suite((UNIQUE, {"column": "a"}), (UNIQUE, {"column": "b"}))
    judgement = find(find_source(tmp_path / "t.parquet"), made, limits=Limits(threads=1, memory="60MB"))
    assert [found.success for found in judgement.findings] == [True, True]


def test_nothing_is_left_behind(suite, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    find(hold_table(pa.table({"a": [1]})), suite((UNIQUE, {"column": "a"})))
    with pytest.raises(DataError):
        find(hold_table(pa.table({"a": [[1]]})), suite((UNIQUE, {"column": "a"})))
    assert list((tmp_path / "scratch").iterdir()) == []


# --- what it is not for ---------------------------------------------------------------------------------------------


def test_what_duckdb_cannot_say_goes_to_great_expectations_and_the_evidence_tells_who_judged(suite):
    made = suite(
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "^(?!x)"}),
        (NOT_NULL, {"column": "a"}),
        ("expect_column_values_to_be_dateutil_parseable", {"column": "a"}),
    )
    question = Question(hold_table(pa.table({"a": ["2000-01-01", "x"]})), made)
    assert set(duckdb.judge(question).left) == {made.expectations[0].id, made.expectations[2].id}
    findings = judge_by("auto", question).findings
    assert [(found.success, found.evidence["engine"]) for found in findings] == [
        (False, "gx"), (True, "duckdb"), (False, "gx"),
    ]  # fmt: skip
    alone = judge_by("duckdb", question).findings
    assert [found.success for found in alone] == [None, True, None]
    assert "auto" in alone[0].reason


def test_an_unknown_expectation_is_refused_whatever_the_engine(suite):
    question = Question(hold_table(pa.table({"a": [1]})), suite(("expect_column_values_to_be_fun", {"column": "a"})))
    with pytest.raises(ConfigError, match="does not know"):
        judge_by("auto", question)


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        (RANGE, {"min_value": 1}, "'column' is missing"),
        (RANGE, {"column": "a", "min_value": 1, "minimum": 2}, "it has no 'minimum'"),
        (RANGE, {"column": "a", "min_value": "soon"}, "a date or a time"),
        (RANGE, {"column": "a", "min_value": 1, "strict_min": "yes"}, "true or false"),
        (NOT_NULL, {"column": 1}, "name of a column"),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": []}, "at least one"),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": "ab"}, "at least one"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a"]}, "at least two"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"], "ignore_row_if": "no"}, "no rule"),
        (
            "expect_column_quantile_values_to_be_between",
            {"column": "a", "quantile_ranges": {"quantiles": [2], "value_ranges": [[0, 1]]}},
            "equally long",
        ),
        ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": ["a"], "match_on": "some"}, "any"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_their_line(suite, kind, kwargs, why):
    with pytest.raises(ConfigError, match="do not fit") as caught:
        duckdb.check_suite(suite((kind, kwargs)))
    assert why in caught.value.what
    assert caught.value.line == 1


def test_pandas_and_great_expectations_stay_out_when_nothing_needs_them(tmp_path):
    pq.write_table(pa.table({"a": [1.5, 2.5, None], "b": ["x", "y", "z"]}), tmp_path / "t.parquet")
    entries = [{"type": NOT_NULL, "kwargs": {"column": "a"}}, {"type": UNIQUE, "kwargs": {"column": "b"}}]
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": entries}))
    (tmp_path / "pavedroad.toml").write_text(
        '[project]\nname = "p"\nowner = "me"\n[objective]\nproblem = "regression"\ntarget = "a"\n'
        'metric = "mean_absolute_error"\n[data]\ntrain = "t.parquet"\n'
        '[validation]\nsuite = "suite.json"\nmin_rows = 1\n[model]\nfeatures = "a:b"\ntrain = "a:c"\n'
    )
    program = """
import json, sys
from pavedroad.cli.main import main
sys.argv = ["pavedroad", "validate"]
try:
    main()
except SystemExit as end:
    heavy = {"pandas", "great_expectations"} & set(sys.modules)
    assert end.code == 1 and not heavy, (end.code, heavy)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "reports" / "validate.json").read_text())
    assert {check["evidence"].get("engine") for check in report["checks"] if check["id"].startswith("expect")} == {
        "duckdb"
    }


def draw(made, columns, **tables):
    """The shares in the picture of each column of a table, by its name; none where there is no picture."""
    source = hold_table(pa.table(tables))
    figures = find(source, made(*((NOT_NULL, {"column": name}) for name in columns)), drawn=columns).figures
    found = {figure.id.removeprefix("column."): figure.data["share"] for figure in figures}
    return [found.get(name) for name in columns]


def test_a_picture_of_counted_rows_has_no_holes_where_the_slices_have_none(suite):
    rows = 300_000
    random = np.random.default_rng(0).random(rows)
    counted, backwards, even = draw(suite, ("a", "b", "c"), a=np.arange(rows), b=np.arange(rows)[::-1] / 7, c=random)
    for shares in (counted, backwards, even):
        assert min(shares) > 0.02
        assert sum(shares) == pytest.approx(1, abs=1e-4)


def test_bins_of_whole_numbers_hold_equally_many_of_them(suite):
    (shares,) = draw(suite, ("a",), a=np.arange(80_000) % 80)
    assert len(shares) == 20
    assert max(shares) == pytest.approx(min(shares), rel=0.1)


def test_bars_are_drawn_only_where_they_say_something_about_the_column_and_else_lengths(suite):
    many, few = draw(
        suite, ("a", "b"), a=[f"n{number}" for number in range(1000)], b=[f"n{number % 50}" for number in range(1000)]
    )
    assert many == [0.01, 0.09, 0.9]
    assert len(few) == 12


def test_whoever_watches_is_told_how_far_a_long_query_is_and_a_short_one_tells_nothing(suite, monkeypatch):
    rows = 2_000_000
    source = hold_table(pa.table({"a": np.random.default_rng(0).integers(0, rows, rows)}))
    made = suite(("expect_column_values_to_be_unique", {"column": "a"}))
    told = []
    with monkeypatch.context() as patch:
        patch.setattr(duckdb_table, "EVERY", 0.002)
        find(source, made, watch=lambda step, percent: told.append((step, percent)))
    assert told
    assert [step for step, _ in told] == sorted(step for step, _ in told)
    assert all(0 <= percent <= 100 for _, percent in told)
    monkeypatch.setattr(duckdb_table, "EVERY", 60)
    quiet = []
    find(source, made, watch=lambda *seen: quiet.append(seen))
    assert quiet == []


def test_a_watched_query_that_fails_says_why_and_leaves_no_thread(suite, tmp_path):
    pq.write_table(pa.table({"a": list(range(100_000))}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    before = threading.active_count()
    with pytest.raises(DataError):
        find(find_source(tmp_path / "t.parquet"), suite((NOT_NULL, {"column": "a"})), watch=lambda *_: None)
    assert threading.active_count() == before


FAR = (300_000 - 1970) * 365
TOO_FAR = {
    "a day": (pa.array([FAR], pa.int32()).cast(pa.date32()), ": 299802-02-16."),
    "a day before Christ": (pa.array([-FAR], pa.int32()).cast(pa.date32()), ": 295864-11-16 (BC)."),
    "a time in seconds": (pa.array([FAR * 86_400], pa.timestamp("s")), "."),
    "a time in milliseconds": (pa.array([FAR * 86_400_000], pa.timestamp("ms")), "."),
}


@pytest.mark.parametrize("name", TOO_FAR)
def test_a_time_that_is_too_far_away_is_called_that_and_not_damage(suite, tmp_path, name):
    times, end = TOO_FAR[name]
    pq.write_table(pa.table({"day": times}), tmp_path / "t.parquet")
    for ask in (
        lambda: find(find_source(tmp_path / "t.parquet"), suite((RANGE, {"column": "day", "max_value": "2030-01-01"}))),
        lambda: measure(find_source(tmp_path / "t.parquet"), "rows"),
    ):
        with pytest.raises(DataError) as caught:
            ask()
        assert caught.value.what == f"The data file holds a time that is too far away to be counted{end}"
        assert "from the year 290309 BC to 294247" in caught.value.next_step


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("lies", ["parquet", "csv", "memory"])
def test_a_wide_table_is_judged_like_a_narrow_one(suite, tmp_path, monkeypatch, lies, large):
    table = pa.table({f"c{number}": [number, None, 3.5, -number] for number in range(12)})
    source = hold_table(table)
    if lies == "parquet":
        pq.write_table(table, tmp_path / "t.parquet")
        source = find_source(tmp_path / "t.parquet")
    elif lies == "csv":
        pa.csv.write_csv(table, tmp_path / "t.csv")
        source = find_source(tmp_path / "t.csv")
    made = suite(*((RANGE, {"column": name, "min_value": 0}) for name in table.column_names))
    narrow = find(source, made, named=tuple(table.column_names), drawn=tuple(table.column_names))
    monkeypatch.setattr(duckdb_table, "WIDE", 3)
    if large:
        monkeypatch.setattr(duckdb_table, "STREAM_FROM", 10)
    assert find(source, made, named=tuple(table.column_names), drawn=tuple(table.column_names)) == narrow
    assert sum(not found.success for found in narrow.findings) == 11


def test_a_query_of_a_large_wide_table_sees_the_columns_that_it_names_and_no_other(tmp_path, monkeypatch):
    table = pa.table({f"c{number}": [number, number + 12] for number in reversed(range(12))})
    for part in ("n=1", "n=2"):
        (tmp_path / "t" / part).mkdir(parents=True)
        pq.write_table(table, tmp_path / "t" / part / "p.parquet")
    monkeypatch.setattr(duckdb_table, "WIDE", 3)
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 10)
    with duckdb_table.Table(find_source(tmp_path / "t"), Limits()) as opened:
        assert list(opened.columns) == [*table.column_names, "n"]
        assert opened.ask("SELECT count(*) FROM t") == [(4,)]
        assert opened.ask("SELECT c0, c11, c12 FROM t ORDER BY r") == [(11, 0, 1), (23, 12, 1), (11, 0, 2), (23, 12, 2)]
        assert [row[0] for row in opened.ask("DESCRIBE t")] == ["c0", "c11", "c12", "r"]
        assert [row[0] for row in opened.ask("DESCRIBE SELECT * FROM t")] == [*(f"c{n}" for n in range(13)), "r"]
        assert opened.fetch("SELECT sum(c5)::BIGINT AS x FROM t")["x"].tolist() == [2 * (6 + 18)]
        raw = opened.find_raw(opened.columns["c3"])
        assert opened.ask(f"SELECT min(x), max(x) FROM (SELECT {raw})") == [(3.0, 15.0)]  # noqa: S608
