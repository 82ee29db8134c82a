"""Limits on the groups of a column, on a branch that is held against its base: each group is judged and told."""

import pytest
from journey import Repo

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]

LIMITS = """[gate]
slice = [{column = "promotion", regression = 50.0}, {column = "shop", regression = 50.0}]
fairness = [{column = "promotion", max_gap = 90.0}]
"""


def test_a_branch_is_judged_by_the_groups_that_its_base_asks_about(small: Repo) -> None:
    small.replace("pavedroad.toml", "[gate]\n", LIMITS)
    small.commit()
    small.git("switch", "--quiet", "--create", "change")
    small.set("params.yaml", "trees", "24")
    small.road("check", "--base", "main")
    decided = {check.id: check for check in small.report("gate").checks}
    compared = {check.id: check for check in small.report("compare").checks}
    assert compared["compare.difference"].evidence["counted"] == 1, "a model that is not committed is a look"
    for kind, decision in (("slices", "regression"), ("groups", "fairness")):
        assert compared[f"compare.{kind}.promotion"].evidence["measured"] == 3
        assert decided[f"gate.{decision}.promotion"].outcome is Outcome.PASS
        assert "95% interval" in str(decided[f"gate.{decision}.promotion"].observed)
    absent = decided["gate.regression.shop"]
    assert absent.outcome is Outcome.ERROR
    assert "The table has no column 'shop'." in absent.reason
    assert "The table has no column" in small.read("reports/report.md")
