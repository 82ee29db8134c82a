"""The repo's own functions; how long the training itself takes is written down, as it is nobody's overhead."""

import time
from pathlib import Path

import skops.io
from common import OUT, TARGET, read_table, split, write
from ruamel.yaml import YAML
from umbrella_sales.features import features
from umbrella_sales.model import train

rows, _ = split(read_table())
parameters = YAML(typ="safe").load(Path("params.yaml"))["train"]
table = features(rows.drop(columns=[TARGET]))
begun = time.perf_counter()
model = train(table, rows[TARGET], parameters)
taken = time.perf_counter() - begun
OUT.mkdir(parents=True, exist_ok=True)
skops.io.dump(model, OUT / "model.skops")
write("train.json", {"seconds": taken, "columns": list(table.columns)})
