"""The example's table: made again from its generator, learnable, and the same kind of days in every year."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error

ROOT = Path(__file__).resolve().parents[2]
CSV = ROOT / "<<cookiecutter.project>>" / "data" / "umbrella_sales.csv"
MAKER = ROOT / "examples" / "umbrella_sales" / "make_data.py"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_data", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(CSV, parse_dates=["date"])


@pytest.fixture(scope="module")
def functions(born):
    sys.path.insert(0, str(born.example / "src"))
    yield (
        importlib.import_module("umbrella_sales.features").features,
        importlib.import_module("umbrella_sales.model").train,
    )
    sys.path.remove(str(born.example / "src"))


def test_the_generator_makes_the_very_file(maker):
    assert maker.make_table() == CSV.read_bytes()


def test_another_seed_makes_another_file(maker, monkeypatch):
    monkeypatch.setattr(maker, "SEED", maker.SEED + 1)
    assert hashlib.sha256(maker.make_table()).digest() != hashlib.sha256(CSV.read_bytes()).digest()


def test_the_weather_is_the_real_one(maker, table):
    days = pd.DataFrame(maker.read_weather())
    for column in ("precipitation", "temp_max", "temp_min", "wind"):
        assert (days[column].astype(float).to_numpy() == table[column].to_numpy()).all()
    assert list(table["date"]) == list(pd.date_range("2012-01-01", "2015-12-31"))


def test_rain_and_promotions_sell_umbrellas(table):
    wet = table["precipitation"] > 5
    assert table.loc[wet, "umbrellas_sold"].mean() > 2 * table.loc[~wet, "umbrellas_sold"].mean()
    assert table.groupby("promotion")["umbrellas_sold"].mean().idxmin() == "none"


def drifts(before, after):
    """Kolmogorov and Smirnov's test for numbers, chi-square for text, at one in a hundred."""
    if pd.api.types.is_numeric_dtype(before):
        return stats.ks_2samp(before, after).pvalue < 0.01
    side = pd.Series(["before"] * len(before) + ["after"] * len(after))
    return stats.chi2_contingency(pd.crosstab(pd.concat([before, after]).to_numpy(), side.to_numpy())).pvalue < 0.01


@pytest.mark.parametrize("column", ["promotion", "umbrellas_sold"])
def test_what_is_simulated_does_not_drift(column, table):
    old = table["date"].dt.year < 2015
    assert not drifts(table.loc[old, column], table.loc[~old, column])


def test_a_change_would_be_seen(table):
    old = table["date"].dt.year < 2015
    assert drifts(table.loc[old, "umbrellas_sold"], table.loc[~old, "umbrellas_sold"] * 1.3)
    assert drifts(table.loc[old, "promotion"], table.loc[~old, "promotion"].replace("none", "flyer"))


def score(table, functions):
    features, train = functions
    old = (table["date"].dt.year < 2015).to_numpy()
    seen, y = features(table.drop(columns="umbrellas_sold")), table["umbrellas_sold"]
    model = train(seen[old], y[old], {"learning_rate": 0.1, "trees": 200, "random_state": 0})
    naive = y.shift(7)[~old]
    return mean_absolute_error(y[~old], model.predict(seen[~old])), mean_absolute_error(y[~old], naive)


def test_the_model_beats_the_same_weekday_of_last_week(table, functions):
    model, naive = score(table, functions)
    assert model < naive / 3


def test_with_shuffled_sales_it_beats_nothing(table, functions):
    shuffled = table.assign(umbrellas_sold=table["umbrellas_sold"].sample(frac=1, random_state=0).to_numpy())
    model, _ = score(shuffled, functions)
    assert model > 3 * score(table, functions)[0]
