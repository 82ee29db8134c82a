"""Keeping rows apart: a gap in time, whole groups, and a holdout in a file of its own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.split import split_rows
from pavedroad.foundation.data.tables import name_tables
from pavedroad.foundation.data.training import open_training_table, read_training_table
from pavedroad.foundation.project import Project

CONFIG = write_settings(
    data="{data}",
)


def split(table, data):
    config = parse_config(CONFIG.format(data=data))
    return split_rows(table, config.data, config.objective)


def days(count, frequency="D"):
    return pd.DataFrame({"day": pd.date_range("2024-01-01", periods=count, freq=frequency), "sold": range(count)})


# --- a gap ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "gap", "last"),
    [
        ("D", "0", 7),
        ("D", "2", 5),
        ("D", '"2d"', 5),
        ("D", '"48h"', 5),
        ("h", '"1d"', None),
        ("h", '"3h"', 4),
        ("12h", '"1 d"', 5),
        ("min", '"2min"', 5),
        ("s", '"90s"', None),
    ],
)
def test_what_lies_in_the_gap_is_neither_trained_nor_judged_on(frequency, gap, last):
    data = f'time = "day"\nholdout = 0.3\ngap = {gap}'
    if last is None:
        with pytest.raises(DataError, match="no row is left to train on"):
            split(days(10, frequency), data)
        return
    found = split(days(10, frequency), data)
    assert found.holdout.tolist() == [7, 8, 9]
    assert found.train.tolist() == list(range(last))


@pytest.mark.parametrize(("shops", "first"), [(1, 14), (2, 14), (3, 12), (4, 12), (20, None)])
def test_rows_of_one_moment_stand_on_one_side(shops, first):
    moments = pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(20) // shops, unit="D")
    table = pd.DataFrame({"day": moments, "sold": range(20)})
    if first is None:
        with pytest.raises(DataError, match="No row is earlier in 'day'"):
            split(table, 'time = "day"\nholdout = 0.3')
        return
    found = split(table, 'time = "day"\nholdout = 0.3')
    assert (found.train.tolist(), found.holdout.tolist()) == (list(range(first)), list(range(first, 20)))


def test_rows_of_the_holdouts_first_moment_are_kept_out_of_training_by_a_gap_of_time():
    table = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", *["2024-01-05"] * 9]), "sold": range(10)})
    found = split(table, 'time = "day"\nholdout = 0.3\ngap = "1s"')
    assert found.train.tolist() == [0]


def test_a_gap_of_time_needs_times():
    table = pd.DataFrame({"day": range(10), "sold": range(10)})
    with pytest.raises(ConfigError, match="holds no dates or times"):
        split(table, 'time = "day"\ngap = "2d"')
    assert split(table, 'time = "day"\ngap = 2').train.tolist() == [0, 1, 2, 3, 4, 5]


# --- groups ---------------------------------------------------------------------------------------------------------


@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=12), seed=st.integers(0, 20), words=st.booleans())
def test_no_group_stands_on_both_sides(sizes, seed, words):
    names = np.repeat(np.arange(len(sizes)), sizes)
    table = pd.DataFrame({"shop": [f"s{name}" for name in names] if words else names, "sold": range(len(names))})
    if round(len(table) * 0.3) < 1:
        return
    table = table.sample(frac=1, random_state=1, ignore_index=True)
    found = split(table, f'group = "shop"\nholdout = 0.3\nseed = {seed}')
    train, holdout = (set(table["shop"].iloc[side]) for side in (found.train, found.holdout))
    assert train
    assert holdout
    assert not train & holdout
    assert sorted([*found.train, *found.holdout]) == list(range(len(table)))
    assert found.how == "group"


def test_about_as_many_rows_are_held_out_as_were_asked_for():
    table = pd.DataFrame({"shop": np.arange(1000) // 5, "sold": range(1000)})
    held = [len(split(table, f'group = "shop"\nseed = {seed}').holdout) for seed in range(5)]
    assert all(195 <= count <= 205 for count in held)


@pytest.mark.parametrize(
    ("groups", "why"), [([1.0] * 10, "one group only"), ([*range(9), None], "empty cells")], ids=["one", "gaps"]
)
def test_groups_that_keep_nothing_apart_are_refused(groups, why):
    with pytest.raises(DataError, match=why):
        split(pd.DataFrame({"shop": groups, "sold": range(10)}), 'group = "shop"')


# --- a file of its own ----------------------------------------------------------------------------------------------

TRAIN = "day,sold,rain\n2024-01-02,2,0.1\n2024-01-01,1,0.2\n2024-01-03,4,0.2\n"
HELD = "day,rain,sold\n2025-01-02,0.4,9\n2025-01-01,0.3,8\n"


def make(world, held, data='time = "day"\n'):
    root = world({"data.csv": TRAIN, "held.csv": held})
    return Project(root=root, config=parse_config(CONFIG.format(data=f'{data}holdout_file = "held.csv"')))


def test_a_holdout_file_is_all_that_is_judged_on_and_nothing_of_it_is_trained_on(world):
    project = make(world, HELD)
    table = read_training_table(project)
    found = split_rows(table, project.config.data, project.config.objective)
    assert table["sold"].iloc[found.train].tolist() == [1, 2, 4]
    assert table["sold"].iloc[found.holdout].tolist() == [8, 9]
    assert found.how == "file"


@pytest.mark.parametrize("data", ['time = "day"\n', "", 'group = "shop"\n', 'split = "random"\n'])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("held", [False, True], ids=["one file", "two files"])
def test_rows_read_apart_are_those_of_the_whole_table(tmp_path, data, kind, held):
    rng, rows = np.random.default_rng(0), 40
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=rows)[rng.permutation(rows)],
            "shop": rng.choice(["n", "s", "w"], rows),
            "rain": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
            "stars": rng.integers(1, 6, rows),
            "sold": rng.normal(size=rows),
        }
    )
    named = f'holdout_file = "held.{kind}"\n' if held else ""
    text = CONFIG.format(data=data + named).replace("data.csv", f"data.{kind}")
    project = Project(root=tmp_path, config=parse_config(text))
    for name, part in (("data", frame[:30]), ("held", frame[30:][[*frame.columns[::-1]]])):
        to_file = part.to_csv if kind == "csv" else part.to_parquet
        to_file(tmp_path / f"{name}.{kind}", index=False)
    whole, table = read_training_table(project), open_training_table(project)
    split = split_rows(whole, project.config.data, project.config.objective)
    seen = {}
    pairs = (
        (table.read_training(see=lambda name, column: seen.update({name: column})), split.train),
        (table.read_holdout(), split.holdout),
    )
    for found, positions in pairs:
        pd.testing.assert_frame_equal(found, whole.iloc[positions].reset_index(drop=True))
    pd.testing.assert_frame_equal(pd.DataFrame(seen), whole, check_column_type=False)
    assert len(seen) == 5
    assert table.rows == len(whole) == (40 if held else 30)
    found = table.read_holdout(["stars"])
    found["stars"] = 0
    found.loc[0, "stars"] = 1
    assert table.read_holdout(["stars"])["stars"].tolist() == whole["stars"].iloc[split.holdout].tolist()


def test_both_tables_are_named_by_their_content(world):
    project = make(world, HELD)
    before = name_tables(project, rows=5)
    assert [item.path for item in before] == ["data.csv", "held.csv"]
    (project.root / "held.csv").write_text(HELD.replace("9", "7"))
    after = name_tables(project, rows=5)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_single_held_out_row_is_enough(world):
    assert len(read_training_table(make(world, "day,sold,rain\n2025-01-02,9,0.4\n"))) == 4


UNFIT = {
    "a column less": ("day,sold\n2025-01-02,9\n", "only one of them has 'rain'"),
    "a column more": ("day,sold,rain,wind\n2025-01-02,9,1.5,2\n", "only one of them has 'wind'"),
    "another kind of values": ("day,sold,rain\n2025-01-02,9,much\n", "'rain' holds category values here"),
    "no row": ("day,sold,rain\n", "a header but no rows"),
    "no target": ("day,rain\n2025-01-02,0.5\n", "The target column 'sold' is not in the table"),
}


@pytest.mark.parametrize(("held", "why"), UNFIT.values(), ids=UNFIT)
def test_a_holdout_file_that_does_not_fit_is_refused(world, held, why):
    project = make(world, held)
    with pytest.raises(DataError, match=why) as caught:
        read_training_table(project)
    assert caught.value.where == str(project.root / "held.csv")


def test_a_holdout_file_that_is_not_there_is_named(world):
    project = make(world, HELD)
    (project.root / "held.csv").unlink()
    with pytest.raises(DataError, match=r"missing|nothing") as caught:
        read_training_table(project)
    assert "held.csv" in str(caught.value)
