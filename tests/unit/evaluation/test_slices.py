"""Groups judged apart: which there are, which rows they hold, and when they are too small to tell."""

import numpy as np
import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import ConfigError
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.training import split_table
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.evaluation.slices import EMPTY, MIN_ROWS, find_slices, measure_slices

CONFIG = write_settings(
    objective="slices = {slices}",
    data='time = "day"\nkeys = ["order"]',
)
ROWS = 240


def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=ROWS),
            "order": np.arange(ROWS) % 4,
            "shop": rng.choice(["north", "south", "west"], ROWS),
            "open": rng.choice([True, False], ROWS),
            "name": [f"n{number}" for number in range(ROWS)],
            "rain": rng.gamma(2.0, 2.0, ROWS),
            "stars": rng.integers(1, 6, ROWS),
            "sold": rng.normal(size=ROWS),
        }
    )


def known(training):
    """A table whose every row trains: slices are cut by what training knows."""
    return split_table(training, Split(np.arange(len(training)), np.arange(0), "random"))


def cut(holdout, slices, training=None):
    config = parse_config(CONFIG.format(slices=slices))
    found = find_slices(holdout, known(holdout if training is None else training), config)
    return {(piece.column, piece.group): piece.rows.tolist() for piece in found}


def test_auto_finds_few_columns_of_few_groups_and_neither_keys_nor_names_nor_the_target():
    found = cut(table(), '["auto"]')
    assert {column for column, _ in found} == {"open", "shop", "stars"}
    assert {group for column, group in found if column == "shop"} == {"north", "south", "west"}
    assert {group for column, group in found if column == "open"} == {"True", "False"}


def test_no_slices_when_none_are_wanted():
    assert cut(table(), "[]") == {}


def test_auto_leaves_out_groups_that_are_too_small():
    data = table().assign(shop=["rare"] * (MIN_ROWS - 1) + ["south"] * 100 + ["west"] * (ROWS - 99 - MIN_ROWS))
    assert {group for column, group in cut(data, '["auto"]') if column == "shop"} == {"south", "west"}


def test_a_named_column_is_cut_into_all_its_groups_gaps_too():
    data = table()
    data["shop"] = data["shop"].where(data["shop"] != "west")
    found = cut(data, '["shop"]')
    assert set(found) == {("shop", "north"), ("shop", "south"), ("shop", EMPTY)}
    assert found["shop", EMPTY] == np.flatnonzero(data["shop"].isna()).tolist()
    assert sorted(row for rows in found.values() for row in rows) == list(range(ROWS))


def test_numbers_are_cut_at_the_quartiles_of_training():
    data = table()
    data.loc[:4, "rain"] = np.nan
    found = cut(data, '["rain"]', training=pd.DataFrame({"rain": np.arange(101.0)}))
    assert [group for _, group in found][:2] == ["at most 25", EMPTY]
    found = cut(data, '["rain"]')
    assert len(found) == 5
    assert sorted(row for rows in found.values() for row in rows) == list(range(ROWS))
    sizes = [len(rows) for (_, group), rows in found.items() if group != EMPTY]
    assert max(sizes) - min(sizes) <= 1


def test_numbers_with_gaps_keep_the_names_of_whole_numbers():
    data = table().assign(stars=[1.0, 2.0, np.nan, 3.0] * (ROWS // 4))
    assert {group for _, group in cut(data, '["stars"]')} == {"1", "2", "3", EMPTY}


def test_times_are_cut_into_years():
    assert {group for _, group in cut(table().assign(day=lambda t: t["day"] + pd.Timedelta(days=200)), '["day"]')} == {
        "2024",
        "2025",
    }


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"objective\.slices names the column 'shops'"):
        cut(table(), '["shops"]')


# --- measuring ------------------------------------------------------------------------------------------------------


def measure(data, predicted, slices='["shop"]', metric="mean_absolute_error"):
    config = parse_config(CONFIG.format(slices=slices))
    pieces = find_slices(data, known(data), config)
    actual = data["sold"].to_numpy()
    found = measure_slices(pieces, METRICS[metric], actual, predicted, confidence=0.9, seed=0)
    return {item.slice.group: item for item in found}


def test_a_group_for_which_the_model_is_bad_stands_out():
    data = table()
    noise = np.where(data["shop"] == "west", 5.0, 0.5) * np.random.default_rng(1).normal(size=ROWS)
    found = measure(data, Predictions((data["sold"] + noise).to_numpy()))
    assert found["west"].interval.low > found["north"].interval.high
    for group, item in found.items():
        errors = np.abs(noise[data["shop"] == group])
        assert item.interval.value == pytest.approx(errors.mean())
        assert item.interval.low < errors.mean() < item.interval.high


def test_a_group_of_few_rows_has_a_reason_instead_of_a_number():
    data = table().assign(shop=["rare"] * (MIN_ROWS - 1) + ["south"] * (ROWS - MIN_ROWS + 1))
    found = measure(data, Predictions(np.zeros(ROWS)))
    assert found["rare"].interval is None
    assert f"{MIN_ROWS - 1} held-out rows" in found["rare"].reason
    assert found["south"].interval is not None


def test_a_group_of_one_class_has_no_ranking_and_says_so():
    data = table()
    data["sold"] = np.where(data["shop"] == "west", 0, np.arange(ROWS) % 2)
    chance = np.random.default_rng(0).uniform(0.1, 0.9, ROWS)
    model = Predictions((chance > 0.5).astype(int), np.column_stack([1 - chance, chance]), (0, 1))
    found = measure(data, model, metric="roc_auc_score")
    assert found["west"].interval is None
    assert "no value here" in found["west"].reason
    assert found["north"].interval is not None
