"""Make ``umbrella_sales.csv``: simulated sales of a shop that does not exist, on days whose weather is real.

The weather is Seattle's, day by day, 2012 to 2015, as the ``vega-datasets`` package carries it (drawn from
public-domain NOAA records). Its label column ``weather`` is left out, because the labelling changed between years and
would look like drift.

The sales are made up, here, from the weather and the calendar::

    expected = 9 · season · weekday · promotion · (1 + 0.9 · ln(1 + rain) + 0.05 · wind, if it rains)
    sold     = round(expected · exp(noise)),  noise normal with a standard deviation of 0.12

so a model can find most of it, but not all. Only :func:`random.Random.random` is drawn from, whose sequence Python
promises to keep, so the file is the same bytes on every machine.

Run it from the repository with: ``python examples/umbrella_sales/make_data.py``.
"""

import csv
import io
import math
import random
import sys
from datetime import date
from pathlib import Path
from statistics import NormalDist

from vega_datasets import data as vega

SEED = 2012
OUTPUT = Path(__file__).parents[2] / "<<cookiecutter.project>>" / "data" / "umbrella_sales.csv"
COLUMNS = ["date", "precipitation", "temp_max", "temp_min", "wind", "promotion", "umbrellas_sold"]

NOISE = NormalDist(0, 0.12)
WEEKDAYS = [0.9, 0.9, 0.95, 1.0, 1.15, 1.35, 0.75]
"""Monday to Sunday: people shop on Saturdays, and on Sundays the shop closes early."""
PROMOTIONS = {"none": 1.0, "flyer": 1.25, "window": 1.12}
"""How much more is sold with a flyer in the letter boxes, or with umbrellas in the shop window."""
PROMOTION_SHARES = [("none", 0.7), ("flyer", 0.15), ("window", 0.15)]


def main() -> None:
    """Write the table to its place in the template."""
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(make_table())
    sys.stdout.write(f"Wrote {OUTPUT.name} ({OUTPUT.stat().st_size:,} bytes).\n")


def make_table() -> bytes:
    """The table as CSV in UTF-8: one line a day, in order, with the line endings of Unix."""
    chance = random.Random(SEED)  # noqa: S311 - simulated sales need a repeatable sequence, not a secret one
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in read_weather():
        day = date.fromisoformat(row["date"].replace("/", "-"))
        rain, wind = float(row["precipitation"]), float(row["wind"])
        promotion = choose_promotion(chance.random())
        noise = NOISE.inv_cdf(0.0005 + 0.999 * chance.random())  # the outermost thousandth is cut: no freak days
        sold = round(expect_sales(day, rain, wind, promotion) * math.exp(noise))
        table.writerow([day.isoformat(), rain, row["temp_max"], row["temp_min"], wind, promotion, sold])
    return text.getvalue().encode()


def read_weather() -> list[dict[str, str]]:
    """The days of the real table: precipitation in mm, temperatures in °C, wind in m/s."""
    return list(csv.DictReader(io.StringIO(vega.seattle_weather.raw().decode())))


def choose_promotion(share: float) -> str:
    """The promotion of a day, from a number between 0 and 1; the same odds in every year."""
    for name, portion in PROMOTION_SHARES:
        if share < portion:
            return name
        share -= portion
    return PROMOTION_SHARES[-1][0]


def expect_sales(day: date, rain: float, wind: float, promotion: str) -> float:
    """Umbrellas that are sold on such a day on average: rain drives them, and wind breaks the old ones."""
    season = 1 + 0.15 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 330) / 365.25)
    need = 1 + 0.9 * math.log1p(rain) + (0.05 * wind if rain else 0.0)
    return 9 * season * WEEKDAYS[day.weekday()] * PROMOTIONS[promotion] * need


if __name__ == "__main__":
    main()
