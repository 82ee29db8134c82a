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
from pavedroad.foundation.evaluation.slices import (
    EMPTY,
    MIN_ROWS,
    MOST_GROUPS,
    MOST_NAMED,
    cut_column,
    find_slices,
    measure_slices,
    say_few,
    take_census,
)
from pavedroad.report import Outcome, is_note

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
    cuts, _ = find_slices(holdout, known(holdout if training is None else training), config)
    return {(piece.column, piece.group): piece.rows.tolist() for found in cuts for piece in found.slices}


def test_auto_finds_few_columns_of_few_groups_and_neither_keys_nor_names_nor_the_target():
    found = cut(table(), '["auto"]')
    assert {column for column, _ in found} == {"open", "shop", "stars"}
    assert {group for column, group in found if column == "shop"} == {"north", "south", "west"}
    assert {group for column, group in found if column == "open"} == {"True", "False"}


def test_no_slices_when_none_are_wanted():
    assert cut(table(), "[]") == {}


def test_auto_wants_two_groups_of_enough_rows_and_leaves_none_out():
    data = table().assign(shop=["rare"] * (MIN_ROWS - 1) + ["south"] * 100 + ["west"] * (ROWS - 99 - MIN_ROWS))
    assert {group for column, group in cut(data, '["auto"]') if column == "shop"} == {"rare", "south", "west"}
    data = data.assign(shop=["rare"] * (MIN_ROWS - 1) + ["south"] * (ROWS + 1 - MIN_ROWS))
    assert not {group for column, group in cut(data, '["auto"]') if column == "shop"}


def test_auto_names_the_columns_that_it_passes_over():
    data = table().assign(**{f"more{number}": np.arange(ROWS) % 5 for number in range(2)})
    config = parse_config(CONFIG.format(slices='["auto"]'))
    cuts, passed_over = find_slices(data, known(data), config)
    assert [found.column for found in cuts] == ["open", "shop", "stars"]
    assert passed_over == ["more0", "more1"]
    config = parse_config(CONFIG.format(slices='["auto", "more1"]'))
    assert find_slices(data, known(data), config)[1] == ["more0"]
    assert find_slices(table(), known(table()), parse_config(CONFIG.format(slices='["auto"]')))[1] == []


def test_groups_beyond_the_most_are_counted():
    data = pd.DataFrame({"shop": [f"s{number % 60:02}" for number in range(ROWS)]})
    found = cut_column(data["shop"], known(data))
    assert (len(found.slices), found.beyond) == (MOST_GROUPS, 60 - MOST_GROUPS)
    found = cut_column(data["shop"].where(data["shop"] < "s50"), known(data))
    assert (len(found.slices), found.beyond) == (MOST_GROUPS, 1)
    assert EMPTY in {piece.group for piece in found.slices}, "the largest group is kept"
    assert cut_column(data["shop"][:8], known(data)).beyond == 0


# --- which groups there are numbers for -----------------------------------------------------------------------------


def test_a_census_of_all_groups_has_nothing_to_say():
    check = take_census("evaluate.slices.shop", "shop", ["north", "south"], {})
    assert (check.outcome, check.observed, check.reason) == (Outcome.PASS, "2 of 2 groups", "")
    assert check.evidence == {"column": "shop", "groups": 2, "measured": 2}
    assert not is_note(check)


def test_a_census_names_the_groups_that_were_left_out_and_counts_those_beyond():
    check = take_census("evaluate.slices.shop", "shop", ["north"], {"west": say_few(12, 20), "east": say_few(1, 20)}, 3)
    assert is_note(check)
    assert check.observed == "1 of 6 groups"
    assert check.reason == (
        "Left out: west (12 held-out rows; 20 are needed), east (1 held-out row; 20 are needed) and the 3 smallest of "
        f"6 groups, because at most {MOST_GROUPS} are looked at."
    )
    assert check.evidence == {"column": "shop", "groups": 6, "measured": 1}
    assert take_census("x", "shop", ["north"], {}, 2).reason.startswith("Left out: the 2 smallest of 3 groups")
    assert take_census("x", "shop", [], {}, 0, "There is no such column.").reason == "There is no such column."


def test_a_census_of_very_many_groups_stays_short():
    check = take_census("x", "shop", [], {f"s{number}": say_few(1, 20) for number in range(MOST_NAMED + 12)})
    assert check.reason.endswith(" and 12 more.")
    assert check.reason.count("held-out row") == MOST_NAMED
    assert check.evidence["groups"] == MOST_NAMED + 12


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


@pytest.mark.parametrize(("more", "end"), [(0, ", c18, c19."), (3, ", c18, c19 and 3 more.")])
def test_of_very_many_columns_a_slice_that_is_none_of_them_gets_some_to_choose_from(more, end):
    wide = pd.DataFrame({f"c{number:02}": [1.0] for number in range(20 + more)})
    with pytest.raises(ConfigError) as caught:
        cut(wide, '["shop"]')
    assert caught.value.next_step == "Columns here: " + ", ".join(f"c{number:02}" for number in range(18)) + end


# --- measuring ------------------------------------------------------------------------------------------------------


def measure(data, predicted, slices='["shop"]', metric="mean_absolute_error"):
    config = parse_config(CONFIG.format(slices=slices))
    pieces = [piece for found in find_slices(data, known(data), config)[0] for piece in found.slices]
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
