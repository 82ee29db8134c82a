"""What the scripts share: where things lie, the table, and how it is split."""

import json
import sys
from pathlib import Path

OUT = Path("by_hand", "out")
TARGET = "umbrellas_sold"
sys.path.insert(0, "src")


def read_table():
    import pandas as pd

    return pd.read_csv("data/umbrella_sales.csv", parse_dates=["date"]).sort_values("date", ignore_index=True)


def split(table):
    held = round(len(table) * 0.25)
    return table.iloc[:-held].reset_index(drop=True), table.iloc[-held:].reset_index(drop=True)


def load_model():
    import skops.io

    path = OUT / "model.skops"
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def write(name, document):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(json.dumps(document, indent=2, default=str))


def read(name):
    return json.loads((OUT / name).read_text())
