"""What the model sees of a row. This is a start that works for most tables: make it yours."""

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype


def features(table: pd.DataFrame) -> pd.DataFrame:
    """Turn rows into features: numbers stay numbers, dates become calendar parts, the rest stays text.

    Each row is made from that row alone, never from its neighbours or from averages of the table. So a
    single row can be predicted in production exactly as it was in training, and nothing of the holdout
    leaks into the model.

    No column is dropped. Leave out here what will not be known when a prediction is asked for.

    Args:
        table: the data without the target.

    Returns:
        One row for each row of ``table``, in the same order.
    """
    found: dict[str, pd.Series] = {}
    for name, column in table.items():
        if is_datetime64_any_dtype(column):
            for part in ("year", "month", "day", "dayofweek", "hour"):
                found[f"{name}_{part}"] = getattr(column.dt, part).astype("float64")
        elif is_bool_dtype(column) or is_numeric_dtype(column):
            found[str(name)] = column.astype("float64")
        else:
            text = column.astype("object").map(str, na_action="ignore")
            found[str(name)] = text.astype("object").where(column.notna(), None)
    return pd.DataFrame(found, index=table.index)
