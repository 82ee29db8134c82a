"""A change of suite and table on a branch: what the road says about it by itself, and about a base that is none."""

import json

import pytest
from journey import Repo

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]

TABLE = "data/umbrella_sales.csv"


def test_a_branch_is_told_what_it_makes_looser(small: Repo) -> None:
    small.git("switch", "--quiet", "--create", "change")
    suite = json.loads(small.read("expectations/suite.json"))
    kept = [item for item in suite["expectations"] if not item["type"].startswith("expect_table_columns")]
    assert len(kept) == len(suite["expectations"]) - 1  # what would refuse a column more
    suite["expectations"] = kept
    small.write("expectations/suite.json", json.dumps(suite, indent=2))
    header, *rows = small.read(TABLE).splitlines()
    small.write(TABLE, "\n".join([f"{header},extra", *(f"{row},{len(row)}" for row in rows)]) + "\n")
    answer = small.check()
    assert answer.code == 0, answer
    report = small.report("contract")
    assert report.outcome is Outcome.WARN
    told = [(check.observed, check.reason) for check in report.checks]
    assert ("stricter: it is new in the table and holds whole numbers", "") in told
    assert any(check.title.startswith("The column `extra`, no looser than in ") for check in report.checks)
    assert any(way == "looser" and "no longer expected" in words for way, words in told), told
    for page in ("reports/report.md", "reports/report.html"):
        assert "no longer expected" in small.read(page)
        assert "is new in the table" in small.read(page)
    assert "reports/schema.json" in small.git("status", "--porcelain")
    again = small.road("contract", "--json")
    assert again.code == 0, again
    assert [check["observed"] for check in json.loads(again.out)["checks"]] == [way for way, _ in told]


def test_an_unknown_base_is_said_before_anything_runs(small: Repo) -> None:
    before = small.digests()
    answer = small.road("check", "--base", "origin/nowhere")
    assert answer.code == 2, answer
    assert "does not know the revision 'origin/nowhere'" in answer.said
    assert "git fetch" in answer.said
    assert small.digests() == before


def test_the_default_branch_has_nothing_to_be_compared_with(small: Repo) -> None:
    assert small.check().code == 0
    assert not small.has_report("contract")
    answer = small.road("contract")
    assert answer.code == 2, answer
    assert "--base HEAD~1" in answer.said
    assert small.road("contract", "--base", "HEAD").code == 0
