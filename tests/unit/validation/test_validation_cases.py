"""Bad input, case by case: what validation must come to, by DuckDB and by Great Expectations alike.

``fail`` is a verdict on the data, ``error`` says that there can be none; ``pass`` is never an accident, and no case may
end in a crash of ours.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.cli.console import print_stage
from pavedroad.engines.arrow import reading as arrow
from pavedroad.errors import ConfigError
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome
from pavedroad.stages.runner import run_stage
from pavedroad.stages.start import start
from pavedroad.stages.validate import RECEIPT, validate

ROWS = 60
GOOD = pd.DataFrame(
    {
        "id": np.arange(ROWS),
        "at": pd.date_range("2020-01-01", periods=ROWS),
        "sold": np.arange(ROWS) / 2,
        "shop": ["north", "south"] * (ROWS // 2),
    }
)
SUITE = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "min_value": 0, "max_value": 1000}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "shop", "value_set": ["north", "south"]}},
    {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "sold", "type_": "float64"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "at", "min_value": "2020-01-01"}},
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": list(GOOD)}},
    {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "shop", "min_value": 2}},
]
CONFIG = write_settings(
    data='train = "{path}"\nkeys = ["id"]',
    validation='engine = "{engine}"\nsuite = "suite.json"',
)


def changed(**columns):
    """The good table with some columns replaced, or left out where they are None."""
    table = GOOD.assign(**{name: values for name, values in columns.items() if values is not None})
    return table.drop(columns=[name for name, values in columns.items() if values is None])


def with_cell(name, value):
    return GOOD[name].astype("object").where(GOOD.index != 7, value)


WIDE = pd.concat([GOOD, pd.DataFrame(np.zeros((ROWS, 5000)), columns=[f"w{number}" for number in range(5000)])], axis=1)
TABLES = {
    "as it should be": (GOOD, Outcome.PASS, ""),
    "no rows": (GOOD.head(0), Outcome.FAIL, "guard.rows"),
    "one row": (GOOD.head(1), Outcome.FAIL, "guard.rows"),
    "a column that is empty in every row": (changed(sold=np.nan), Outcome.FAIL, "guard.values"),
    "a column of which 99 % are missing": (
        pd.concat([changed(sold=np.nan)] * 10, ignore_index=True).assign(id=range(600), sold=[1.0] * 6 + [None] * 594),
        Outcome.FAIL,
        "guard.values",
    ),
    "infinity": (changed(sold=GOOD["sold"].where(GOOD.index != 3, np.inf)), Outcome.FAIL, "guard.finite"),
    "a column that is missing": (changed(shop=None), Outcome.FAIL, "guard.columns"),
    "a column with another name": (GOOD.rename(columns={"shop": "store"}), Outcome.FAIL, "guard.columns"),
    "a column with another case": (GOOD.rename(columns={"shop": "Shop"}), Outcome.FAIL, "guard.columns"),
    "a column more": (GOOD.assign(new=1), Outcome.FAIL, "columns_to_match_set"),
    "times in another zone": (
        changed(at=GOOD["at"].dt.tz_localize("Asia/Tokyo")),
        Outcome.ERROR,
        "at.values_to_be_between",
    ),
    "numbers as text": (changed(sold=GOOD["sold"].astype(str) + " pcs"), Outcome.ERROR, "of_type"),
    "numbers as text, told by their kind": (
        changed(sold=GOOD["sold"].astype(str) + " pcs"),
        Outcome.ERROR,
        "guard.kinds",
    ),
    "times as text": (changed(at=GOOD["at"].dt.strftime("%d.%m.%Y")), Outcome.ERROR, "guard.kinds"),
    "whole numbers for floats": (changed(sold=np.arange(ROWS)), Outcome.FAIL, "of_type"),
    "a constant": (changed(shop="north"), Outcome.FAIL, "unique_value_count"),
    "a category nobody knows": (changed(shop=with_cell("shop", "west").astype(str)), Outcome.FAIL, "in_set"),
    "an id twice": (changed(id=GOOD["id"].where(GOOD.index != 5, 4)), Outcome.FAIL, "id.values_to_be_unique"),
    "5,000 columns more": (WIDE, Outcome.FAIL, "columns_to_match_set"),
}
CSV = "id,at,sold,shop\n" + "".join(
    f"{n},2020-01-01 00:00:00,{n}.5,{'north' if n % 2 else 'south'}\n" for n in range(ROWS)
)
FILES = {
    "0 bytes": ("t.csv", b"", Outcome.ERROR, "0 bytes"),
    "a header only": ("t.csv", b"id,at,sold,shop\n", Outcome.FAIL, "guard.rows"),
    "a good CSV": ("t.csv", CSV.encode(), Outcome.PASS, ""),
    "line ends inside quotes": (
        "t.csv",
        (CSV + '60,2020-01-01 00:00:00,1.5,"no\nrth"\n').encode(),
        Outcome.FAIL,
        "in_set",
    ),
    "a row cut in its middle": ("t.csv", CSV.encode()[:-20], Outcome.ERROR, "Expected 4 columns"),
    "a row cut in its last cell": ("t.csv", CSV.encode()[:-2], Outcome.FAIL, "guard.ends"),
    "a row cut before its line end": ("t.csv", CSV.encode()[:-1], Outcome.WARN, "guard.ends"),
    "a ragged row": ("t.csv", (CSV + "1,2,3,4,5\n").encode(), Outcome.ERROR, "Expected 4 columns"),
    "mixed encodings": ("t.csv", (CSV + "60,2020-01-01 00:00:00,1.5,nörd\n").encode("latin-1"), Outcome.ERROR, "UTF-8"),
    "one line of 64 MB": (
        "t.csv",
        b"id,at,sold,shop" * 4_500_000,
        Outcome.ERROR,
        "A line of the data file has more than",
    ),
    "one row of 20 MB": (
        "t.csv",
        f"{CSV}60,2020-01-01 00:00:00,1.5,{'x' * 20_000_000}\n".encode(),
        Outcome.ERROR,
        "A line",
    ),
    "line ends of long ago": ("t.csv", CSV.replace("\n", "\r").encode(), Outcome.PASS, ""),
    "a row of 4 MB": (
        "t.csv",
        f"{CSV}60,2020-01-01 00:00:00,1.5,{'x' * 4_000_000}\n".encode(),
        Outcome.FAIL,
        "expectation.shop.values_to_be_in_set 1 of 61 values",
    ),
    "text that calls itself Parquet": ("t.parquet", CSV.encode(), Outcome.ERROR, "damaged"),
}


ON_SPARK = {
    "times in another zone": Outcome.FAIL
}  # it compares instants: the first hours in Tokyo are before the bound


@pytest.fixture(params=["duckdb", "auto", "gx", pytest.param("gx-spark", marks=pytest.mark.spark)])
def judged(request, tmp_path):
    """Validate a file of this test's folder; give the outcome and all that the report says."""

    def judge(path, suite=None):
        (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path=path, engine=request.param))
        written = json.dumps({"expectations": SUITE}) if suite is None else suite
        if request.param == "gx-spark":
            written = written.replace('"float64"', '"DoubleType"')  # each engine names types its own way
        (tmp_path / "suite.json").write_text(written)
        project = find_project(tmp_path)
        report = run_stage(project, "validate", validate)
        assert not any(check.id.endswith(".crash") for check in report.checks), report.summary
        passed = report.outcome in {Outcome.PASS, Outcome.WARN}
        assert (project.reports / RECEIPT).exists() == passed
        bad = [f"{check.id} {check.reason}" for check in report.checks if check.outcome is not Outcome.PASS]
        return report.outcome, "\n".join(bad)

    def judge_strictly(path, suite):
        """As ``judge``, for which DuckDB asked alone and not knowing a type counts as a refusal."""
        outcome, reasons = judge(path, suite)
        if request.param == "duckdb" and outcome is Outcome.ERROR:
            raise ConfigError(reasons)

    judge.strictly = judge_strictly
    judge.folder = tmp_path
    judge.engine = request.param
    return judge


@pytest.mark.parametrize("name", TABLES)
def test_a_table(judged, name):
    table, outcome, why = TABLES[name]
    if judged.engine == "gx-spark" and name in ON_SPARK:
        outcome = ON_SPARK[name]
    arrow.write(table, judged.folder / "t.parquet")
    found, reasons = judged("t.parquet")
    # Asked alone, DuckDB says of what only the other engine can tell that it could not judge it.
    assert found is outcome or (judged.engine == "duckdb" and found is Outcome.ERROR and "auto" in reasons)
    assert why in reasons


@pytest.mark.parametrize("name", FILES)
def test_a_file(judged, name):
    path, content, outcome, why = FILES[name]
    (judged.folder / path).write_bytes(content)
    found, reasons = judged(path)
    assert found is outcome, reasons
    assert why in reasons


def test_a_folder_without_data_is_an_error(judged):
    (judged.folder / "t.parquet").mkdir()
    found, reasons = judged("t.parquet")
    assert found is Outcome.ERROR
    assert "folder" in reasons


def test_a_flipped_bit_is_an_error_that_names_the_file(judged):
    path = judged.folder / "t.parquet"
    arrow.write(GOOD, path)
    content = bytearray(path.read_bytes())
    for at in (60, len(content) // 3):
        path.write_bytes(bytes(content[:at]) + bytes([content[at] ^ 4]) + bytes(content[at + 1 :]))
        found, reasons = judged("t.parquet")
        assert found is Outcome.ERROR
        assert "damaged" in reasons


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_a_truncated_parquet_file_is_an_error(judged, kept):
    path = judged.folder / "t.parquet"
    arrow.write(GOOD, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert judged("t.parquet")[0] is Outcome.ERROR


@pytest.mark.parametrize(
    ("suite", "why"),
    [
        ("{", "not strict JSON"),
        ("", "not strict JSON"),
        ("[]", "JSON object"),
        ('{"expectations": []}', "no expectation"),
        ('{"expectations": [{"type": "expect_column_values_to_be_nice", "kwargs": {"column": "id"}}]}', "does not"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "not strict JSON"),
        ("&a [*a, *a]", "not strict JSON"),
    ],
    ids=["cut", "empty", "a list", "no expectation", "unknown", "5,000 deep", "YAML"],
)
def test_a_suite_that_is_none_is_a_configuration_error(judged, suite, why):
    arrow.write(GOOD, judged.folder / "t.parquet")
    with pytest.raises(ConfigError, match=why if judged.engine != "duckdb" else "."):
        judged.strictly("t.parquet", suite)


@pytest.mark.parametrize("engine", ["duckdb", "gx"])
@pytest.mark.parametrize(
    ("severity", "outcome"),
    [("critical", Outcome.FAIL), ("warning", Outcome.WARN), ("info", Outcome.PASS), (None, Outcome.FAIL)],
)
def test_a_severity_says_what_a_failure_comes_to_and_people_are_told(tmp_path, capsys, severity, outcome, engine):
    entry = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "sold", "max_value": 27},
        "notes": "The shop holds no more.",
        **({"severity": severity} if severity else {}),
    }
    arrow.write(GOOD, tmp_path / "t.parquet")
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": [entry]}))
    (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path="t.parquet", engine=engine))
    report = run_stage(find_project(tmp_path), "validate", validate)
    check = report.checks[-1]
    assert report.outcome is check.outcome is outcome
    assert check.expected == "max value 27 · The shop holds no more."
    print_stage(report)
    said = capsys.readouterr().out
    assert "5 of 60 values are not as expected" in said
    assert "id=55; id=56; id=57 and 2 more in the report" in said
    assert ("Noted only: 5 of 60" in said) == ("1 noted only" in said) == (severity == "info")


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "count"), [("duckdb", 10_000), ("auto", 10_000), ("gx", 300)])
def test_a_suite_of_very_many_expectations_is_judged(tmp_path, engine, count):
    """Great Expectations takes some ten milliseconds for each, so that it is asked fewer here."""
    arrow.write(GOOD, tmp_path / "t.parquet")
    many = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "max_value": 1000 + number}}
        for number in range(count - 1)
    ]
    broken = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "max_value": 20}}
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": [*many, broken]}))
    (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path="t.parquet", engine=engine))
    report = run_stage(find_project(tmp_path), "validate", validate)
    failed = [check for check in report.checks if check.outcome is Outcome.FAIL]
    assert len(report.checks) > count
    assert [check.evidence["unexpected"] for check in failed] == [19]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", "gx"])
def test_5000_columns_of_a_csv_are_judged(tmp_path, engine):
    suite = [item for item in SUITE if "of_type" not in item["type"]]
    WIDE.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": suite}))
    (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path="t.csv", engine=engine))
    report = run_stage(find_project(tmp_path), "validate", validate)
    assert [check.id for check in report.checks if check.outcome is Outcome.FAIL] == [
        "expectation.id.at.table_columns_to_match_set"
    ]


# Root may read every file. Without these two capabilities it meets permissions as everybody else does.
AS_A_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
MEASURED = """
import sys
sys.argv = ["pavedroad", "validate"]
from pavedroad.cli.main import main
try:
    main()
finally:
    # The kernel's own mark of this program; what getrusage gives begins with the size of the one that started it.
    (peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print("MEGABYTES", int(peak.split()[1]) // 1024)
"""


def validate_as_a_user(folder, path, engine):
    """The command itself, in a process of its own: its exit code and all that it says."""
    (folder / "pavedroad.toml").write_text(CONFIG.format(path=path, engine=engine))
    done = subprocess.run(
        [*AS_A_USER, sys.executable, "-c", MEASURED], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", "gx"])
@pytest.mark.parametrize("path", ["t.parquet", "t.csv", "suite.json"])
def test_a_file_that_may_not_be_read_stops_the_stage_in_words(tmp_path, path, engine):
    arrow.write(GOOD, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text(CSV)
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": SUITE[:3]}))
    table = "t.csv" if path == "t.csv" else "t.parquet"
    assert validate_as_a_user(tmp_path, table, engine)[0] == 0
    (tmp_path / path).chmod(0)
    code, said = validate_as_a_user(tmp_path, table, engine)
    assert code == (2 if path == "suite.json" else 3), said
    assert "Permission denied" in said
    assert path in said
    assert not (tmp_path / "reports" / RECEIPT).exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", "gx"])
def test_a_gigabyte_in_one_line_is_refused_with_little_memory(tmp_path, engine):
    with (tmp_path / "t.csv").open("wb") as file:
        for _ in range(64):
            file.write(b"id,at,sold,shop," * (1 << 20))
    assert (tmp_path / "t.csv").stat().st_size == 1 << 30
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": SUITE}))
    code, said = validate_as_a_user(tmp_path, "t.csv", engine)
    (tmp_path / "t.csv").unlink()
    assert code == 3, said
    assert "A line of the data file has more than 16,777,216 bytes" in said
    assert int(said.rpartition("MEGABYTES ")[2].split()[0]) < 500  # half of that are imports


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
"""282 billion values in a kilobyte."""


@pytest.mark.parametrize("name", ["dvc.yaml", "params.yaml", "dvc.lock", "t.csv.dvc", "more/dvc.yaml"])
def test_a_yaml_bomb_is_a_configuration_error_before_dvc_reads_it(world, name):
    files = {
        "pavedroad.toml": CONFIG.format(path="t.csv", engine="auto"),
        "dvc.yaml": "stages: {}\n",
        ".dvc/config": "",
    }
    project = find_project(world({**files, "t.csv": CSV, name: BOMB}))
    with pytest.raises(ConfigError, match="YAML bomb") as caught:
        start(project)
    assert caught.value.where == str(project.root / name)


def test_a_few_aliases_are_no_bomb(world):
    mild = "a: &a [1, 2]\nb: *a\nc: {<<: &c {x: 1}, y: *c}\n"
    root = world({"dvc.yaml": mild, "params.yaml": f"{mild}loop: &l [*l]\n", ".dvc/config": "", "x.yaml": "*&\n"})
    load_pipeline().check_ready(root)
    (root / "params.yaml").write_text(BOMB)
    with pytest.raises(ConfigError, match="YAML bomb"):
        load_pipeline().check_ready(root)


@pytest.mark.parametrize("text", ["&a [*a, *a]", BOMB, "[project]\nname = [" + "[" * 100_000, "a = " + "9" * 100_000])
def test_a_bomb_for_settings_is_a_configuration_error(tmp_path, text):
    (tmp_path / "pavedroad.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"valid TOML|read|key") as caught:
        find_project(tmp_path)
    assert caught.value.where == str(tmp_path / "pavedroad.toml")
