"""Tables that no model can come of: refused when a repo is generated from them, and stopped when they turn up later.

Each is a clear sentence and an exit code; never a pass, never a traceback, and a refused generation leaves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from journey import CHECKOUT, Answer, Repo, generate

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]

DATA = "data/umbrella_sales.csv"
TARGET = "umbrellas_sold"


@dataclass(frozen=True)
class Case:
    """A bad table: how it is made of the good one, and what has to be said about it."""

    make: Callable[[Path, pd.DataFrame], None]
    refused: str
    """In the words of ``new``, which ends with 2."""
    stopped: str
    """In the words of ``check``."""
    code: int
    """How ``check`` ends: 1 when validation says no, 3 when there is nothing to judge."""
    suffix: str = ".csv"


def written(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path, pd.DataFrame], None]:
    return lambda path, table: change(table).to_csv(path, index=False)


def bytes_of(change: Callable[[str], bytes]) -> Callable[[Path, pd.DataFrame], None]:
    return lambda path, table: path.write_bytes(change(table.to_csv(index=False))) and None


def twice(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table[["wind"]]], axis=1)


CASES = {
    "missing": Case(lambda *_: None, "there is no file", "umbrella_sales.csv", 3),
    "empty": Case(bytes_of(lambda _: b""), "is empty", "The data file is empty (0 bytes).", 3),
    "header only": Case(
        written(lambda table: table[:0]), "has a header, but no rows", "Too few rows to judge anything by.", 1
    ),
    "target absent": Case(
        written(lambda table: table.drop(columns=TARGET)), f"has no column '{TARGET}'", f"Missing: {TARGET}.", 1
    ),
    "target constant": Case(
        written(lambda table: table.assign(umbrellas_sold=12)),
        "the same value in every row",
        "the same value in every",
        3,
    ),
    "all null": Case(
        written(lambda table: table.assign(**dict.fromkeys(table.columns))), "empty in every row", "Empty: ", 1
    ),
    "target null": Case(
        written(lambda table: table.assign(umbrellas_sold=None)), "empty in every row", f"Empty: {TARGET}.", 1
    ),
    "duplicated columns": Case(
        written(twice), "names the column 'wind' more than once", "Two columns share the name 'wind'.", 3
    ),
    "wrong encoding": Case(
        bytes_of(lambda text: text.replace("none", "für").encode("latin-1")), "is not in UTF-8", "must be UTF-8", 3
    ),
    "UTF-16": Case(bytes_of(lambda text: text.encode("utf-16")), "zero bytes", "must be UTF-8", 3),
    "1 row": Case(written(lambda table: table[:1]), "one row only", "Too few rows to judge anything by.", 1),
    "ragged row": Case(
        bytes_of(lambda text: f"{text}2016-01-01,1.0\n".encode()),
        "the same number of cells",
        "the same number of cells",
        3,
    ),
    "a folder": Case(lambda path, _: path.mkdir(), "is not a file", "This is a folder, not a data file", 3),
    "Parquet that is not Parquet": Case(
        bytes_of(str.encode), "is not a whole Parquet file", "damaged or not what its name says", 3, ".parquet"
    ),
    "Parquet with a damaged middle": Case(
        lambda path, _: path.write_bytes(b"PAR1" + b"\0" * 2000 + b"PAR1") and None,
        "damaged or not what its name says",
        "damaged or not what its name says",
        3,
        ".parquet",
    ),
}


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return pd.read_csv(CHECKOUT / "<<cookiecutter.project>>" / DATA)


@pytest.mark.parametrize("name", CASES)
def test_no_repo_is_generated_from_a_bad_table(
    name: str, table: pd.DataFrame, tmp_path: Path, environment: dict[str, str]
) -> None:
    case = CASES[name]
    path = tmp_path / f"given{case.suffix}"
    case.make(path, table)
    answer = generate_from(path, environment)
    assert answer.code == 2, answer
    assert case.refused in answer.said, answer
    assert_nothing_left(path)


def test_no_repo_is_generated_from_a_table_one_may_not_read(
    table: pd.DataFrame, tmp_path: Path, environment: dict[str, str]
) -> None:
    path = lock_away(tmp_path / "given.csv", table)
    answer = generate_from(path, environment)
    assert answer.code == 2, answer
    assert "cannot be read (PermissionError)" in answer.said
    assert_nothing_left(path)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_table_that_turns_up_later_stops_the_road(name: str, table: pd.DataFrame, fresh: Repo) -> None:
    case = CASES[name]
    path = (fresh.root / DATA).with_suffix(case.suffix)
    (fresh.root / DATA).unlink()
    case.make(path, table)
    for file in ("pavedroad.toml", "dvc.yaml"):
        fresh.write(file, fresh.read(file).replace(DATA, f"data/{path.name}"))
    assert_stopped(fresh, fresh.check(), case.stopped, case.code)


def test_a_table_one_may_not_read_stops_the_road(table: pd.DataFrame, fresh: Repo) -> None:
    lock_away(fresh.root / DATA, table)
    assert_stopped(fresh, fresh.check(), "umbrella_sales.csv", 3)


def test_the_good_table_of_these_cases_makes_a_repo(
    table: pd.DataFrame, tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "given.csv"
    table.to_csv(path, index=False)
    answer = generate_from(path, environment)
    assert answer.code == 0, answer
    repo = Repo(tmp_path / "out" / "given", environment)
    answer = repo.road("validate")
    assert answer.code == 0, answer


def test_a_table_of_5000_columns_is_driven_in_reasonable_time(tmp_path: Path, environment: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(160, 4999)).round(3)
    wide = pd.DataFrame(values, columns=[f"c{number}" for number in range(4999)])
    wide["sold"] = 5 * wide["c0"] + rng.normal(scale=0.1, size=160)
    wide.to_csv(tmp_path / "wide.csv", index=False)
    answer = generate_from(tmp_path / "wide.csv", environment, target="sold")
    assert answer.code == 0, answer
    repo = Repo(tmp_path / "out" / "given", environment)
    repo.set("params.yaml", "trees", "10")
    for stage in ("validate", "train", "drift"):
        answer = repo.road(stage)
        assert answer.code == 0, answer
    assert "5,000 columns" in repo.report("validate").summary


def generate_from(path: Path, environment: dict[str, str], target: str = TARGET) -> Answer:
    """Generate a repo from a table into the folder ``out`` beside it; temporary files go to ``scratch``."""
    for name in ("out", "scratch"):
        (path.parent / name).mkdir()
    private = environment | {"TMPDIR": str(path.parent / "scratch")}
    return generate(path.parent / "out", private, project="given", data=str(path), target=target)


def assert_nothing_left(path: Path) -> None:
    assert list((path.parent / "out").iterdir()) == []
    assert list((path.parent / "scratch").iterdir()) == []
    assert {item.name for item in path.parent.iterdir()} <= {"out", "scratch", path.name}


def assert_stopped(repo: Repo, answer: Answer, phrase: str, code: int) -> None:
    assert answer.code == code, answer
    found = " ".join(repo.reasons(stage) for stage in ("validate", "train") if repo.has_report(stage))
    assert phrase in f"{found} {answer.said}", answer
    assert not (repo.root / "model").exists()
    assert not repo.find_scraps()
    if repo.has_report("gate"):
        assert repo.report("gate").outcome is (Outcome.FAIL if code == 1 else Outcome.ERROR)


def lock_away(path: Path, table: pd.DataFrame) -> Path:
    table.to_csv(path, index=False)
    path.chmod(0)
    return path
