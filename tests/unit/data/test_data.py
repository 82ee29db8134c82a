"""Tables on the road: a usable target, an order that is time's, and rows kept apart the same way every time."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import DataError
from pavedroad.foundation.data.split import split_rows
from pavedroad.foundation.data.tables import hash_file, name_code, name_input
from pavedroad.foundation.data.training import read_training_table
from pavedroad.foundation.project import Project
from pavedroad.settings import Data, Objective

CONFIG = write_settings(
    objective='problem = "{problem}"\nmetric = "{metric}"',
    data="{data}",
)


def settings(problem="regression", data=""):
    metric = "mean_absolute_error" if problem == "regression" else "accuracy_score"
    return parse_config(CONFIG.format(problem=problem, metric=metric, data=data))


@pytest.fixture
def project(world):
    def make(content, data="", **files):
        return Project(root=world({"data.csv": content, **files}), config=settings(data=data))

    return make


GOOD = "day,sold,rain\n2012-01-03,3,0.1\n2012-01-01,1,0.2\n2012-01-02,2,0.3\n"


# --- the training table ---------------------------------------------------------------------------------------------


def test_rows_come_in_the_order_of_the_time_column(project):
    table = read_training_table(project(GOOD, 'time = "day"'))
    assert table["sold"].tolist() == [1, 2, 3]
    assert table.index.tolist() == [0, 1, 2]


def test_rows_of_the_same_time_keep_their_order(project):
    table = read_training_table(project("day,sold,rain\n2,1,0\n1,2,0\n2,3,0\n1,4,0\n", 'time = "day"'))
    assert table["sold"].tolist() == [2, 4, 1, 3]


def test_without_a_time_column_rows_stay_where_they_are(project):
    assert read_training_table(project(GOOD))["sold"].tolist() == [3, 1, 2]


UNUSABLE = {
    "no row": ("day,sold,rain\n", "", "a header but no rows"),
    "no target": ("day,rain\n1,2\n", "", "The target column 'sold' is not in the table"),
    "a target in other letters": ("day,Sold\n1,2\n", "", "The target column 'sold' is not in the table"),
    "a target that is empty": ("day,sold\n1,\n2,\n", "", "is empty in every row"),
    "a target with gaps": ("day,sold\n1,\n2,3\n3,4\n", "", "is empty in 1 of 3 rows"),
    "a target that never changes": ("day,sold\n1,5\n2,5\n", "", "the same value in every row"),
    "one row": ("day,sold\n1,5\n", "", "one row only"),
    "no time column": (GOOD, 'time = "date"', "The time column 'date' is not in the table"),
    "no key column": (GOOD, 'keys = ["shop"]', "The key column 'shop' is not in the table"),
    "a time column with gaps": ("day,sold\n1,5\n,6\n", 'time = "day"', "has empty cells"),
    "times written as text": ("day,sold\n31.12.2012,5\n01.01.2012,6\n", 'time = "day"', "alphabetical order"),
    "times in the American way": ("day,sold\n12/31/2012,5\n01/01/2013,6\n", 'time = "day"', "alphabetical order"),
}


@pytest.mark.parametrize(("content", "data", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_table_that_nothing_can_be_learned_from_is_refused(project, content, data, why):
    made = project(content, data)
    with pytest.raises(DataError) as caught:
        read_training_table(made)
    assert why in caught.value.what
    assert caught.value.where == str(made.root / "data.csv")


@pytest.mark.parametrize("days", ["2012-01-01\n2012-01-02", "2012-01-01 10:00\n2012-01-01 11:00", "1\n2", "1.5\n2.5"])
def test_times_and_numbers_can_order_rows(project, days):
    lines = [f"{day},{number}" for number, day in enumerate(days.split("\n"))]
    assert len(read_training_table(project("\n".join(["day,sold", *reversed(lines)]) + "\n", 'time = "day"'))) == 2


def test_columns_there_are_help_with_the_one_that_is_not(project):
    with pytest.raises(DataError) as caught:
        read_training_table(project("day,rain\n1,2\n"))
    assert caught.value.next_step == "Columns here: day, rain."


def test_of_many_columns_that_are_there_the_rest_is_counted(project):
    names = [f"x{number}" for number in range(33)]
    with pytest.raises(DataError) as caught:
        read_training_table(project(f"{','.join(names)}\n{','.join('1' for _ in names)}\n"))
    assert caught.value.next_step == f"Columns here: {', '.join(names[:20])} and 13 more."


# --- names by content -----------------------------------------------------------------------------------------------


def test_a_file_is_named_by_the_sha_256_of_its_content(project):
    made = project(GOOD)
    expected = hashlib.sha256(GOOD.encode()).hexdigest()
    assert hash_file(made.root / "data.csv") == expected
    found = name_input(made, "data.csv", rows=3)
    assert (found.path, found.sha256, found.rows) == ("data.csv", expected, 3)


def test_the_code_of_both_functions_is_named_with_all_its_files(project):
    files = {"src/shop/features.py": "a", "src/shop/model.py": "b", "src/shop/deep/help.py": "c", "src/other/x.py": "d"}
    found = [item.path for item in name_code(project(GOOD, **files))]
    assert found == ["src/shop/deep/help.py", "src/shop/features.py", "src/shop/model.py"]


def test_code_that_is_a_single_module_is_named(project):
    assert [item.path for item in name_code(project(GOOD, **{"src/shop.py": "a"}))] == ["src/shop.py"]


# --- splits ---------------------------------------------------------------------------------------------------------


def split(table, problem="regression", data=""):
    config = settings(problem, data)
    return split_rows(table, config.data, config.objective)


def test_a_split_by_time_holds_out_the_last_rows():
    found = split(pd.DataFrame({"sold": range(10), "day": range(10)}), data='time = "day"\nholdout = 0.3')
    assert found.train.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found.holdout.tolist() == [7, 8, 9]
    assert found.how == "time"


@pytest.mark.parametrize(
    ("problem", "target", "data", "how"),
    [
        ("regression", range(20), "", "random"),
        ("regression", range(20), 'time = "day"', "time"),
        ("binary", [0, 1] * 10, "", "stratified"),
        ("binary", [0, 1] * 10, 'time = "day"', "time"),
        ("binary", [0, 1] * 10, 'time = "day"\nsplit = "random"', "random"),
        ("multiclass", ["a"] + ["b", "c"] * 9 + ["b"], "", "random"),
        ("multiclass", ["a", "a"] + ["b", "c"] * 9, "", "stratified"),
    ],
)
def test_the_way_to_split_follows_from_the_data_unless_it_is_said(problem, target, data, how):
    assert split(pd.DataFrame({"sold": target, "day": range(20)}), problem, data).how == how


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_rows_to_hold_any_out_are_refused(rows):
    with pytest.raises(DataError, match="cannot be split"):
        split(pd.DataFrame({"sold": range(rows)}))


def test_another_seed_draws_other_rows_and_the_same_seed_the_same():
    table = pd.DataFrame({"sold": range(100)})
    first, again, other = (split(table, data=f"seed = {seed}").holdout.tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


TABLES = st.lists(st.sampled_from("abc"), min_size=5, max_size=200).filter(lambda items: len(set(items)) > 1)


@given(
    classes=TABLES,
    how=st.sampled_from(["random", "stratified", "time", "auto"]),
    holdout=st.floats(0.15, 0.6),
    seed=st.integers(0, 99),
)
def test_every_row_is_on_exactly_one_side_and_the_same_one_each_time(classes, how, holdout, seed):
    table = pd.DataFrame({"sold": classes, "day": range(len(classes))})
    time = 'time = "day"\n' if how == "time" else ""
    data = f'{time}split = "{how}"\nholdout = {holdout}\nseed = {seed}'
    found = split(table, "multiclass", data)
    assert sorted([*found.train, *found.holdout]) == list(range(len(table)))
    assert found.train.tolist() == sorted(found.train)
    assert found.holdout.tolist() == sorted(found.holdout)
    again = split(table, "multiclass", data)
    assert found.holdout.tolist() == again.holdout.tolist()
    if how == "time":
        assert found.train.max() < found.holdout.min()


@given(counts=st.lists(st.integers(5, 80), min_size=2, max_size=4), holdout=st.floats(0.1, 0.5))
def test_a_stratified_split_keeps_the_share_of_every_class(counts, holdout):
    classes = [name for name, count in zip("abcd", counts, strict=False) for _ in range(count)]
    table = pd.DataFrame({"sold": classes}).sample(frac=1, random_state=0, ignore_index=True)
    found = split(table, "multiclass", f'split = "stratified"\nholdout = {holdout}')
    for name, count in zip("abcd", counts, strict=False):
        held = int((table["sold"].iloc[found.holdout] == name).sum())
        assert 1 <= held < count
        assert abs(held - count * holdout) <= 1


def test_a_random_split_is_not_the_first_or_last_rows():
    found = split(pd.DataFrame({"sold": range(1000)}))
    assert 300 < np.mean(found.holdout) < 700


def test_settings_are_the_types_that_the_split_takes():
    config = settings()
    assert (type(config.data), type(config.objective)) == (Data, Objective)
