"""The drift stage as a whole: which rows it compares, and what it says of them."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drift_repo import find, make_table, outcomes

from pavedroad.errors import ConfigError
from pavedroad.foundation.drift.reference import REFERENCE, hold_frame, measure
from pavedroad.foundation.drift.words import draw_change
from pavedroad.report import Outcome, encode
from pavedroad.stages.drift import drift
from pavedroad.stages.drift_page import draw_page
from pavedroad.stages.runner import run_stage

WEATHER = Path(__file__).parents[3] / "<<cookiecutter.project>>/data/umbrella_sales.csv"


# --- which rows -----------------------------------------------------------------------------------------------------


def test_the_holdout_is_compared_with_the_training_rows_where_no_table_is_named(project):
    report = drift(project(make_table()))
    assert report.outcome is Outcome.PASS
    assert "80 rows of the holdout against 320 training rows" in report.summary
    assert report.about == {"owner": "Ada", "reference": "training rows"}
    assert [item.path for item in report.inputs] == ["train.parquet"]


def test_a_holdout_file_that_stands_in_for_current_rows_is_named_among_what_was_read(project):
    made = project(make_table(), data='holdout_file = "held.parquet"')
    make_table(90, seed=1).to_parquet(made.root / "held.parquet")
    report = drift(made)
    assert "90 rows of the holdout against 400 training rows" in report.summary
    assert [item.path for item in report.inputs] == ["train.parquet", "held.parquet"]


def test_a_kept_profile_is_the_reference_and_the_training_table_is_not_read(project):
    made = project(make_table(), make_table(seed=1), profile=make_table(seed=2))
    (made.root / "train.parquet").unlink()
    report = drift(made)
    assert report.outcome is Outcome.PASS
    assert report.about["reference"] == "training rows, kept"
    assert [item.path for item in report.inputs] == ["model/reference.json", "current.parquet"]


def test_training_rows_are_the_reference_when_the_config_says_so(project):
    made = project(make_table(), make_table(seed=1), drift='reference = "training"', profile=make_table(seed=3))
    assert drift(made).about["reference"] == "training rows"


def test_a_profile_that_is_asked_for_and_missing_is_an_error_and_not_a_pass(project):
    made = project(make_table(), make_table(seed=1), drift='reference = "profile"')
    report = run_stage(made, "drift", drift)
    assert report.outcome is Outcome.ERROR
    assert "Train the model again" in report.checks[0].reason


def test_a_profile_that_contradicts_itself_is_an_error(project):
    made = project(make_table(), make_table(seed=1), profile=make_table())
    path = made.root / "model" / REFERENCE
    path.write_text(path.read_text().replace('"north": ', '"north": 9'))
    report = run_stage(made, "drift", drift)
    assert report.outcome is Outcome.ERROR
    assert "contradict" in report.checks[0].reason


def test_the_same_period_a_year_before_is_the_reference_of_a_season(project):
    days = pd.date_range("2019-01-01", "2021-03-31")
    wave = pd.DataFrame({"day": days, "temp": 10 - 12 * np.cos(2 * np.pi * days.dayofyear / 365), "sold": 1.0})
    wave["temp"] += np.random.default_rng(0).normal(size=len(wave))
    wave["sold"] += np.arange(len(wave)) % 7
    train, winter = wave[wave["day"] < "2021-01-01"], wave[wave["day"] >= "2021-01-01"]
    of_all = drift(project(train, winter, data='time = "day"'))
    assert outcomes(of_all)["temp"] == "fail"
    of_season = drift(project(train, winter, data='time = "day"', drift='reference = "same-period-last-year"'))
    assert outcomes(of_season) == {"temp": "pass", "sold": "pass", "predictions": "skipped"}
    assert "the same period a year before, 2020-01-01 to 2020-03-31" in of_season.about["reference"]
    assert "the same period a year before" in of_season.summary
    warm = winter.assign(temp=winter["temp"] + 4)
    of_warm = drift(project(train, warm, data='time = "day"', drift='reference = "same-period-last-year"'))
    assert outcomes(of_warm)["temp"] == "fail"


def test_a_rolling_window_ends_where_the_current_rows_begin(project):
    table = make_table(400)
    report = drift(project(table, data='time = "day"', drift='reference = "rolling:90d"'))
    assert "80 rows of the holdout against 90 rows of the 90 days before" in report.summary


def test_the_report_says_that_rows_count_in_blocks(project):
    said = "320 training rows, 30 rows counted as one observation: "
    assert said in drift(project(make_table(), drift="block = 30")).summary
    assert "observation" not in drift(project(make_table())).summary


def test_a_window_needs_times(project):
    with pytest.raises(ConfigError, match=r"data\.time names no column"):
        drift(project(make_table(), drift='reference = "rolling:90d"'))


def test_a_window_without_rows_is_skipped_with_the_reason(project):
    report = drift(project(make_table(300), data='time = "day"', drift='reference = "same-period-last-year"'))
    assert report.outcome is Outcome.SKIPPED
    assert "0 reference rows" in report.checks[0].reason


def test_few_held_out_rows_are_skipped_and_told_what_to_do(project):
    report = drift(project(make_table(100)))
    assert report.outcome is Outcome.SKIPPED
    assert "20 current rows (the holdout) are too few" in report.checks[0].reason
    assert "[gate] required" in report.checks[0].reason


def test_another_column_of_times_does_not_always_alarm_under_a_split_by_time(project):
    table = make_table()
    table["delivered"] = table["day"] + pd.to_timedelta(np.random.default_rng(0).integers(1, 5, 400), unit="D")
    report = drift(project(table, data='time = "day"'))
    assert outcomes(report)["delivered"] == "pass"
    late = table.copy()
    late.loc[320:, "delivered"] += pd.Timedelta(days=6)
    failed = find(drift(project(late, data='time = "day"')), "drift.delivered")
    assert failed.outcome is Outcome.FAIL
    assert "`delivered` is 6" in failed.reason
    assert "days later after `day`" in failed.reason


# --- what it says ---------------------------------------------------------------------------------------------------


def test_the_report_ranks_what_drifted_by_effect_and_tells_each_in_a_sentence(project):
    now = make_table(seed=1).assign(temp=lambda t: t["temp"] + 3.1, shop="south")
    report = drift(project(make_table(), now, data='keys = ["day"]'))
    assert [check.id for check in report.checks[:2]] == ["drift.temp", "drift.shop"]
    assert [check.columns for check in report.checks[:2]] == [["temp"], ["shop"]], "its picture stands beside a finding"
    told = find(report, "drift.temp").reason
    assert "`temp` is 2." in told or "`temp` is 3." in told
    assert "higher than the reference on average" in told
    assert "% of new rows lie above its 95th percentile" in told
    assert "`shop` is 'south' in 100% of new rows" in find(report, "drift.shop").reason
    kinds = [(figure.id, figure.kind) for figure in report.figures]
    assert kinds[:3] == [("effects", "effects"), ("column.temp", "distribution"), ("column.shop", "distribution")]
    for figure in report.figures[1:]:
        for side in ("reference", "current"):
            shares = [s for s, of in zip(figure.data["share"], figure.data["side"], strict=True) if of == side]
            assert sum(shares) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_are_drawn_over_the_calendar_in_milliseconds(project, zone):
    before, now = make_table(), make_table(start="2021-06-01")
    for table in (before, now):
        table["seen"] = table["day"].dt.tz_localize(zone)
    report = drift(project(before, now, data='keys = ["day"]'))
    (figure,) = (figure for figure in report.figures if figure.id == "column.seen")
    assert figure.unit == ("time" if zone is None else "time in UTC")
    assert "2020-03-01 to 2020-05-01" in figure.data["bin"]
    assert pd.Timestamp("2020-03-01").timestamp() * 1000 in figure.data["low"]
    half = len(figure.data["share"]) // 2
    assert sum(figure.data["share"][:half]) == pytest.approx(1, abs=1e-4)
    (number,) = (figure for figure in report.figures if figure.id == "column.temp")
    assert number.unit == ""


def test_a_time_that_never_moves_is_drawn_as_the_day_that_it_is_in():
    tables = [pd.DataFrame({"at": [pd.Timestamp("2024-02-29 10:00:00.000001")] * 20}) for _ in range(2)]
    reference, current = (measure(hold_frame(table), "rows").columns[0] for table in tables)
    assert draw_change(reference, current).data["bin"] == ["2024-02-29 to 2024-03-01"] * 2


def test_the_report_is_the_same_bytes_each_time(project):
    made = project(make_table(50_000), make_table(30_000, seed=1), data='keys = ["day"]')
    assert encode(drift(made)) == encode(drift(made))


def test_new_columns_warn(project):
    report = drift(project(make_table(), make_table(seed=1).assign(extra=1), data='keys = ["day"]'))
    assert find(report, "drift.new-columns").outcome is Outcome.WARN


RULES = [
    ("", "fail"),
    ('rules = [{columns = ["temp"], on_drift = "warn"}]', "warn"),
    ('rules = [{columns = ["t*"], on_drift = "ignore"}]', "pass"),
    ('rules = [{columns = ["shop"], on_drift = "warn"}]', "fail"),
    ('rules = [{columns = ["temp"], fail_effect = 9}]', "warn"),
    ('rules = [{columns = ["temp"], min_effect = 9, fail_effect = 10}]', "pass"),
]


@pytest.mark.parametrize(("rules", "outcome"), RULES)
def test_a_policy_says_what_a_drift_comes_to(rules, outcome, project):
    now = make_table(seed=1).assign(temp=lambda t: t["temp"] + 5)
    report = drift(project(make_table(), now, data='keys = ["day"]', drift=rules))
    assert outcomes(report)["temp"] == outcome


@pytest.mark.parametrize("kept", [True, False], ids=["against a profile", "against the rows"])
@pytest.mark.parametrize(("new", "outcome"), [("late", "fail"), ("fast", "pass")])
def test_free_text_is_compared_by_its_words_with_rows_of_both_tables(new, outcome, kept, project):
    rng = np.random.default_rng(0)

    def write(rows, word):
        words = ["fast", "kind", "cheap", "clean", "near", "quiet", "large", word]
        text = [" ".join([*rng.choice(words, size=9), str(rng.integers(10**9))]) for _ in range(rows)]
        return make_table(rows, seed=rows).assign(review=text)

    train = write(400, "fast")
    drift_ = 'rules = [{columns = ["review"], method = "evidently:text"}]'
    report = drift(project(train, write(300, new), 'keys = ["day"]', drift_, profile=train if kept else None))
    check = find(report, "drift.review")
    assert check.outcome.value == outcome
    assert ("A classifier tells current rows of `review`" in check.reason) is (outcome == "fail")
    assert (check.evidence["reference_rows"], check.evidence["current_rows"]) == (320, 300)
    assert "column.review" not in [figure.id for figure in report.figures], "rows are not for show"
    assert {"train.parquet", "current.parquet"} <= {used.path for used in report.inputs}


def test_a_holdout_file_is_named_where_a_comparison_by_rows_reads_it_with_the_training_table(project):
    rules = 'rules = [{columns = ["shop"], method = "evidently:text"}]'
    train = make_table()
    made = project(train, make_table(seed=1), 'keys = ["day"]\nholdout_file = "held.parquet"', rules, profile=train)
    train.tail(90).to_parquet(made.root / "held.parquet")
    named = [used.path for used in drift(made).inputs]
    assert named == ["model/reference.json", "current.parquet", "train.parquet", "held.parquet"]


@pytest.mark.parametrize(("days", "outcome"), [(0, "pass"), (30, "pass"), (-1, "fail")])
def test_an_acknowledged_finding_passes_until_its_last_day(days, outcome, project):
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
    drift_ = f'acknowledged = [{{column = "temp", reason = "A warm spring.", until = "{until.isoformat()}"}}]'
    now = make_table(seed=1).assign(temp=lambda t: t["temp"] + 5)
    check = find(drift(project(make_table(), now, data='keys = ["day"]', drift=drift_)), "drift.temp")
    assert check.outcome.value == outcome
    assert (f"Acknowledged until {until.isoformat()}: A warm spring." in check.reason) is (outcome == "pass")
    assert "higher than the reference" in check.reason  # it is told all the same


def test_what_is_acknowledged_says_until_when_and_what_it_comes_to_then(project):
    known = 'acknowledged = [{column = "*", reason = "A new shop.", until = "2099-01-01"}]'
    now = make_table(seed=1).assign(temp=lambda t: t["temp"] + 1.2, shop="west", extra=1)
    report = drift(project(make_table(), now, data='keys = ["day"]', drift=known))
    assert report.outcome is Outcome.PASS
    told = {check.id: check.evidence.get("otherwise") for check in report.checks if "otherwise" in check.evidence}
    assert told == {
        "drift.temp": "warn",
        "drift.shop": "fail",
        "drift.shop.unseen-categories": "fail",
        "drift.new-columns": "warn",
    }
    assert {check.evidence.get("acknowledged_until") for check in report.checks if check.id in told} == {"2099-01-01"}


# --- the demo's weather ---------------------------------------------------------------------------------------------


def test_a_warm_year_of_the_examples_weather_is_found_and_the_year_itself_is_not(project):
    table = pd.read_csv(WEATHER, parse_dates=["date"]).dropna(subset=["temp_max"])
    target = {"sold": lambda t: np.arange(len(t)) % 11}
    last = table["date"].dt.year.max()
    train, year = table[table["date"].dt.year < last].assign(**target), table[table["date"].dt.year == last]
    year = year.assign(**target)[list(train.columns)]
    drift_ = 'columns = ["temp_max", "wind"]\nblock = 10'
    calm = drift(project(train, year, data='time = "date"', drift=drift_))
    assert {name for name, outcome in outcomes(calm).items() if outcome == "fail"} == set()
    warm = year.assign(temp_max=year["temp_max"] + 5)
    found = drift(project(train, warm, data='time = "date"', drift=drift_))
    check = find(found, "drift.temp_max")
    assert check.outcome is Outcome.FAIL
    assert "`temp_max` is" in check.reason
    assert "higher than the reference" in check.reason


# --- Evidently's page -----------------------------------------------------------------------------------------------


def test_the_page_is_of_the_report_that_is_there_and_drawn_once(project):
    made = project(make_table(), make_table(seed=1), data='keys = ["day"]', drift="page = true")
    report = run_stage(made, "drift", drift)
    assert report.about["page"] == "drift-evidently.html"
    path = draw_page(made)
    assert path == made.reports / "drift-evidently.html"
    page = path.read_text()
    assert "400 rows of current.parquet against 320 training rows." in page
    assert "Drift in column 'temp'" in page
    assert "Drift in column 'day'" not in page
    path.write_text(page.splitlines()[0] + "\nkept")
    assert draw_page(made).read_text().endswith("kept"), "the page of this report is not drawn again"
    make_table(500, seed=3).to_parquet(made.root / "current.parquet")
    run_stage(made, "drift", drift)
    assert "500 rows of current.parquet" in draw_page(made).read_text()


def test_where_nothing_was_compared_there_is_no_page_either(project):
    made = project(make_table(100))
    made.reports.mkdir()
    (made.reports / "drift-evidently.html").write_text("old")
    assert draw_page(made) is None
    run_stage(made, "drift", drift)
    assert draw_page(made) is None
    assert not (made.reports / "drift-evidently.html").exists()
