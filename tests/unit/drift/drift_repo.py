"""What the small repos of these tests are made of, and how their reports are read."""

import numpy as np
import pandas as pd
from settings_text import write_settings

CONFIG = write_settings(
    data='train = "train.parquet"\n{data}',
    drift="{drift}",
)


def make_table(rows=400, seed=0, start="2020-01-01"):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "day": pd.date_range(start, periods=rows),
            "temp": rng.normal(15, 5, rows),
            "shop": rng.choice(["north", "south"], rows),
            "sold": rng.normal(100, 10, rows),
        }
    )


def find(report, id_):
    return next(check for check in report.checks if check.id == id_)


def outcomes(report):
    return {check.id.removeprefix("drift."): check.outcome.value for check in report.checks}
