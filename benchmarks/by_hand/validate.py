"""Great Expectations, used directly, with the repo's own suite."""

import json
import sys
from pathlib import Path

import great_expectations as gx
from common import read_table, write

suite = json.loads(Path("expectations/suite.json").read_text())
context = gx.get_context(mode="ephemeral")
batch = (
    context.data_sources.add_pandas("here")
    .add_dataframe_asset("table")
    .add_batch_definition_whole_dataframe("all")
    .get_batch({"dataframe": read_table()})
)
made = gx.ExpectationSuite(name="suite")
for entry in suite["expectations"]:
    kind = "".join(part.capitalize() for part in entry["type"].split("_"))
    made.add_expectation(getattr(gx.expectations, kind)(**entry["kwargs"]))
result = batch.validate(made)
write("validate.json", {"success": result.success, "checks": len(result.results)})
sys.exit(0 if result.success else 1)
