"""What the model sees of a day."""

import numpy as np
import pandas as pd

WEATHER = ["precipitation", "temp_max", "temp_min", "wind"]
PROMOTIONS = ["flyer", "window"]
DAYS_A_YEAR = 365.25


def features(table: pd.DataFrame) -> pd.DataFrame:
    """Turn days into features: the weather, the weekday, the season and the promotion.

    Each row is made from that row alone, never from its neighbours or from averages of the table. So a
    single day can be predicted in production exactly as it was in training, and nothing of the holdout
    leaks into the model.

    Args:
        table: the data without the target, one row a day.

    Returns:
        One row of numbers for each row of ``table``, in the same order.
    """
    day = pd.to_datetime(table["date"]).dt
    season = 2 * np.pi * day.dayofyear / DAYS_A_YEAR
    found = table[WEATHER].astype("float64")
    found["weekday"] = day.dayofweek.astype("float64")
    # A year is a circle: the sine and cosine put 31 December next to 1 January.
    found["season_sin"] = np.sin(season)
    found["season_cos"] = np.cos(season)
    for promotion in PROMOTIONS:
        found[f"promotion_{promotion}"] = (table["promotion"] == promotion).astype("float64")
    return found
