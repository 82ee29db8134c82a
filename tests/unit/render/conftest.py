"""Reports as the road writes them, made by hand: a shop forecasts its umbrella sales."""

import math
from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest

from pavedroad.report import Check, Figure, Input, Outcome, Place, Report, Run, Severity, conclude, judge

DATA = "data/umbrella_sales.csv"
SHA = "3f1c9a7be2d04c55a1f0b6d2c8e97a4410bb5b5f0c5f3f5f9c0f5be2d04c55a1"
VERSIONS = {"python": "3.12.9", "pavedroad": "0.1.0", "scikit-learn": "1.8.0", "pandas": "3.0.3"}
COLUMNS = ("precipitation", "temp_max", "temp_min", "wind")


def _run(second: int, took: float, **more) -> Run:
    return Run(
        started=f"2026-03-02T08:15:{second:02d}.250Z",
        duration_s=took,
        commit="9b1fd4cbd2b1f6a5c3a1d7c0a2a4b5c6d7e8f901",
        dirty=False,
        versions=VERSIONS,
        **more,
    )


def _bell(middle: float, width: float, places: list[float]) -> list[float]:
    heights = [math.exp(-(((place - middle) / width) ** 2)) for place in places]
    return [height / sum(heights) for height in heights]


def _histogram(identifier: str, column: str, shift: float | None) -> Figure:
    lows = [float(low) for low in range(-4, 36, 2)]
    sides = {"reference": 16.0, "current": 16.0 + (shift or 0.0)}
    if shift is None:
        del sides["reference"]
    data: dict = {"bin": [], "low": [], "high": [], "share": [], "side": []}
    for side, middle in sides.items():
        data["bin"] += [f"{low:g} to {low + 2:g}" for low in lows]
        data["low"] += lows
        data["high"] += [low + 2 for low in lows]
        data["share"] += _bell(middle, 8.0, [low + 1 for low in lows])
        data["side"] += [side] * len(lows)
    return Figure(id=f"{identifier}.{column}", kind="distribution", title=column, data=data)


def _weather(identifier: str, *, both: bool) -> Figure:
    data: dict = {"bin": ["sun", "rain", "fog", "drizzle", "snow"], "share": [0.49, 0.37, 0.07, 0.05, 0.02]}
    if both:
        data = {
            "bin": data["bin"] * 2,
            "share": [*data["share"], 0.44, 0.41, 0.09, 0.04, 0.02],
            "side": ["reference"] * 5 + ["current"] * 5,
        }
    return Figure(id=f"{identifier}.weather", kind="distribution", title="weather", data=data)


def _validate() -> Report:
    checks = [
        judge(
            f"validate.{column}.not_null",
            f"{column} is never empty",
            ok=True,
            observed=0,
            expected=0,
            where=Place("expectations/suite.json", 12 + 9 * line),
        )
        for line, column in enumerate((*COLUMNS, "weather", "umbrellas_sold", "date"))
    ]
    return conclude(
        "validate",
        checks,
        summary="1,461 rows passed all 7 expectations.",
        inputs=[Input(DATA, SHA, 1461), Input("expectations/suite.json", SHA[::-1])],
        figures=[
            *(_histogram("validate", column, None) for column in COLUMNS),
            _weather("validate", both=False),
        ],
        run=_run(1, 2.81),
    )


def _train() -> Report:
    return conclude(
        "train",
        [
            judge(
                "train.fits",
                "The model was trained on the training rows",
                ok=True,
                observed="HistGradientBoostingRegressor",
            ),
            judge("train.repeats", "Two trainings give the same model", ok=True),
        ],
        summary="Trained on 1,096 rows with 9 features.",
        inputs=[Input(DATA, SHA, 1096)],
        run=_run(4, 1.94),
    )


def _evaluate(*, loses: bool) -> Report:
    start = date(2015, 1, 1)
    days = [start + timedelta(days=day) for day in range(365)]
    actual = [
        14 + 7 * math.cos(day / 58) + (9 if day * 37 % 11 < 4 else 0) + (day * 7919 % 13 - 6) / 2 for day in range(365)
    ]
    predicted = [value * 0.86 + 2.1 + (day * 104729 % 9 - 4) / 2.2 for day, value in enumerate(actual)]
    model = (8.83, 8.21, 9.49) if loses else (2.914, 2.667, 3.172)
    return conclude(
        "evaluate",
        [
            judge("evaluate.finite", "Every prediction on the holdout is a number", ok=True, observed=0, expected=0),
            judge(
                "evaluate.residual_bias",
                "Errors average out",
                ok=False,
                severity=Severity.WARNING,
                observed=-0.41,
                expected="-0.3 to 0.3",
                reason="The model sells 0.41 umbrellas too few a day on average.",
                evidence={"rows": 365},
            ),
        ],
        summary=f"Mean absolute error {model[0]} on the 365 days of 2015.",
        inputs=[Input(DATA, SHA, 365)],
        figures=[
            Figure(
                id="evaluate.mean_absolute_error",
                kind="intervals",
                title="Mean absolute error",
                unit="umbrellas a day",
                data={
                    "label": ["model", "baseline"],
                    "value": [model[0], 8.214],
                    "low": [model[1], 7.61],
                    "high": [model[2], 8.847],
                },
            ),
            Figure(
                id="evaluate.fit",
                kind="fit",
                title="Predicted against actual",
                unit="umbrellas a day",
                data={"at": [day.isoformat() for day in days], "actual": actual, "predicted": predicted},
            ),
        ],
        run=_run(6, 1.22),
    )


def _drift() -> Report:
    effects = {"wind": 0.31, "temp_max": 0.083, "precipitation": 0.041, "temp_min": 0.022, "weather": 0.018}
    checks = [
        judge(
            f"drift.{column}",
            f"{column} has not drifted",
            ok=effect < 0.1,
            severity=Severity.WARNING,
            observed=effect,
            expected="below 0.1",
            reason="" if effect < 0.1 else "Its values lie higher than in the training data; the shift is material.",
            evidence={"column": column, "rows": 365},
        )
        for column, effect in effects.items()
    ]
    figures = [
        Figure(
            id="drift.effects",
            kind="effects",
            title="Drift by column",
            data={"label": list(effects), "value": list(effects.values()), "threshold": [0.1] * len(effects)},
        ),
        *(_histogram("drift", column, 20 * effects[column]) for column in COLUMNS),
        _weather("drift", both=True),
    ]
    return conclude(
        "drift",
        checks,
        summary="1 of 5 columns drifted: wind.",
        inputs=[Input(DATA, SHA, 1461)],
        figures=figures,
        run=_run(8, 0.93),
    )


def _package() -> Report:
    flow = {
        "step": [DATA, "src/umbrella_sales", "params.yaml: train", "HistGradientBoostingRegressor", "package"],
        "kind": ["data", "code", "params", "model", "package"],
        "digest": ["3f1c9a7be2d0", "77ab01c2d3e4", "0c1d2e3f4a5b", "a1b2c3d4e5f6", "e5f60718293a"],
    }
    return conclude(
        "package",
        [
            judge("package.loads", "The package loads with nothing but trusted types", ok=True, observed=0, expected=0),
            judge("package.size", "The package is small enough", ok=True, observed="0.4 MB", expected="at most 100 MB"),
        ],
        summary="One package of 6 files, each with its SHA-256.",
        figures=[Figure(id="package.lineage", kind="flow", title="Lineage", data=flow)],
        run=_run(10, 0.52),
    )


def _latency() -> Report:
    return conclude(
        "latency",
        [judge("latency.p95", "95 of 100 single rows are answered in time", ok=True, expected="at most 100 ms")],
        summary="Fast enough for one row at a time.",
        run=_run(11, 1.3, measured={"latency.p95": 3.1416}),
    )


def _gate(stages: list[Report], *, loses: bool) -> Report:
    checks = [
        Check(
            id=f"gate.{report.stage}",
            title=f"The stage {report.stage} did not fail",
            outcome=report.outcome,
            observed=report.outcome.value,
            expected="pass or warn",
            reason="" if report.outcome is Outcome.PASS else f"See {report.stage}.",
        )
        for report in stages
    ]
    checks.append(
        judge(
            "gate.margin",
            "The model beats the baseline for certain",
            ok=not loses,
            observed=8.83 if loses else 2.914,
            expected="below 8.214",
            reason="The interval of the difference includes zero." if loses else "",
            where=Place("pavedroad.toml", 18),
        )
    )
    return conclude(
        "gate",
        checks,
        summary=(
            "The model does not beat the seasonal naive baseline."
            if loses
            else "The model beats the seasonal naive baseline by 65 %, and every required stage passed or warned."
        ),
        about={
            "project": "umbrella-sales",
            "owner": "@shop/forecasting",
            "statement": "How many umbrellas will the shop sell tomorrow, so that it orders enough and not too many?",
            "problem": "regression",
            "target": "umbrellas_sold",
            "metric": "mean_absolute_error",
            "baseline": "seasonal-naive",
            "road": "0.1.0",
            "package": "e5f60718293a",
        },
        run=_run(12, 0.04),
    )


@pytest.fixture
def make_road() -> Callable[..., list[Report]]:
    """Make the seven reports of a road that ends in a yes with warnings or, with ``loses=True``, in a no."""

    def make(*, loses: bool = False) -> list[Report]:
        stages = [_validate(), _train(), _evaluate(loses=loses), _drift(), _package(), _latency()]
        return [*stages, _gate(stages, loses=loses)]

    return make


@pytest.fixture
def road(make_road) -> list[Report]:
    return make_road()


@pytest.fixture
def make_hostile_road() -> Callable[[str], list[Report]]:
    """Make a road in which every free text is the given one."""

    def make(text: str) -> list[Report]:
        column = [text, f"{text} again"]
        figures = [
            Figure(
                text,
                "intervals",
                text,
                {"label": ["model", "baseline", text], "value": [1, 2, 3], "low": [0, 1, 2], "high": [2, 3, 4]},
                text,
            ),
            Figure(text, "fit", text, {"actual": [1.0, 2.0], "predicted": [1.5, 2.5], "at": column}, text),
            Figure(text, "confusion", text, {"actual": column, "predicted": column, "count": [3, 4]}),
            Figure(text, "effects", text, {"label": column, "value": [0.1, 0.7], "threshold": [0.2, 0.2]}),
            Figure(text, "distribution", text, {"bin": column, "share": [0.4, 0.6], "side": column}),
            Figure(f"column.{text}", "distribution", text, {"bin": column, "share": [0.4, 0.6], "side": column}),
            Figure(text, "flow", text, {"step": column, "kind": column, "digest": column, text: column}),
        ]
        check = Check(
            id=text,
            title=text,
            outcome=Outcome.FAIL,
            observed={text: text},
            expected=[text, text],
            reason=text,
            evidence={text: [text]},
            where=Place(text, 3),
        )
        passed = msgspec.structs.replace(check, outcome=Outcome.PASS)
        about = msgspec.structs.replace(check, columns=[text])
        facts = msgspec.structs.replace(passed, id="guard.kinds", evidence={text: text})
        run = Run(started=text, duration_s=1.0, commit=text, dirty=True, versions={text: text}, measured={text: 1.0})
        keys = ("project", "owner", "statement", "metric", "target", "problem", "road", "package", "baseline", "commit")
        parts = {"summary": text, "inputs": [Input(text, text, 3)], "figures": figures, "run": run}
        return [
            conclude(text, [check, passed, about, facts], **parts),
            conclude("gate", [check, passed], about=dict.fromkeys(keys, text), **parts),
        ]

    return make
