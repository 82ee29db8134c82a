"""The model card and the bill of materials: complete, the same every time, and deaf to whatever the texts hold."""

import html.parser
import json
import re
from typing import get_args

import msgspec
import pytest
from markdown_it import MarkdownIt
from small_repo import walk

from pavedroad.foundation.package.bom import make_bom
from pavedroad.foundation.package.card import list_fields, make_card
from pavedroad.foundation.package.card_pages import to_html, to_markdown
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.facts import Facts, Measure, find_measures, find_warnings
from pavedroad.foundation.package.model import Signature
from pavedroad.report import Check, Outcome, conclude, judge
from pavedroad.settings import CardField, CardWords, Waiver

EVIL = '"><script>alert(1)</script> <img src=x onerror=alert(1)> [link](javascript:x) | @all \u202e\n# head `code` &lt;'


def facts(**changed):
    whole = Facts(
        schema="pavedroad.package/1",
        name="beans",
        owner="the team",
        statement="Guess beans.",
        problem="binary",
        target="beans",
        metric="accuracy_score",
        better="higher",
        confidence=0.9,
        rows=40,
        measures=[Measure(id="metric.model", title="accuracy", value=0.9, low=0.8, high=0.95)],
        slices=[
            Measure(
                id="evaluate.slice.kind.red",
                title="accuracy",
                value=0.5,
                low=0.2,
                high=0.8,
                column="kind",
                group="red",
                rows=7,
            )
        ],
        sources=[],
        code="c" * 64,
        parameters={"alpha": 1.5},
        estimator="sklearn.linear_model._ridge.Ridge",
        format="skops",
        model="a" * 64,
        bytes=1234,
        environment={"numpy": "2.0"},
        warnings=["Rows stand twice: in both halves"],
        held_out="20% of each class held out at random",
    )
    return msgspec.structs.replace(whole, **changed)


def signature(**changed):
    whole = {
        "problem": "binary",
        "target": "beans",
        "labels": ["no", "yes"],
        "inputs": [
            {"name": "kind", "kind": "category", "dtype": "str", "nullable": True, "categories": list("abcdefghijk")}
        ],
        "features": ["kind"],
    }
    return msgspec.convert({**whole, **changed}, Signature)


EXPECTED = (
    "Model card: beans",
    "Guess beans.",
    "the team",
    "0.9",
    "0.95",
    "red",
    "never saw (20% of each class held out at random)",
    "a, b, c, d, e, f, g, h and 3 more",
    "no, yes",
    "Rows stand twice",
    "pavedroad reproduce package",
    "alpha = 1.5",
    "numpy 2.0",
    "c" * 64,
)


@pytest.mark.parametrize("expected", EXPECTED)
def test_a_card_says_what_one_wants_to_know(expected):
    card = make_card(facts(), signature())
    assert expected in MarkdownIt().enable("table").render(to_markdown(card)).replace("&amp;", "&")
    assert expected in to_html(card)


WRITTEN = {
    "out_of_scope": "Orders of other shops.",
    "ethics": "A wrong order costs the shop, nobody else.",
    "caveats": "The winter of 2014 was mild.",
    "contact": "room 7, at the beans",
    "licence": "CC-BY-4.0",
}


def test_a_card_says_what_people_wrote():
    full = make_card(facts(words=CardWords(**WRITTEN)), signature())
    pages = (to_html(full), MarkdownIt().enable("table").render(to_markdown(full)))
    for text in WRITTEN.values():
        assert all(text in page for page in pages), text
    assert "Any other use is outside of what was tested." in to_markdown(make_card(facts(), signature()))
    assert "Whom it may harm" not in to_markdown(make_card(facts(), signature()))


def test_the_fields_of_a_card_are_filled_or_not():
    filled = list_fields(facts(words=CardWords(**WRITTEN)), signature())
    assert tuple(filled) == get_args(CardField)
    assert [name for name, said in filled.items() if not said] == ["data"]
    bare = facts(statement=" ", slices=[], measures=[], words=CardWords(ethics="\n"))
    empty = [name for name, said in list_fields(bare, signature()).items() if not said]
    assert empty == ["intended_use", "metrics", "slices", "data", *WRITTEN]
    assert filled["ethics"] == WRITTEN["ethics"]
    assert filled["inputs"] == "1 columns"


def test_a_card_shows_the_waivers_of_its_policy():
    waiver = Waiver(check="gate.size", reason="The shop opens today.", by="@ada", until="2026-03-31")
    shown = make_card(facts(waivers=[waiver]), signature())
    for page in (to_html(shown), MarkdownIt().enable("table").render(to_markdown(shown))):
        assert page.index("Waivers") < page.index("Intended use"), "nobody has to look for them"
        assert all(text in page for text in ("gate.size", "The shop opens today.", "ada", "2026-03-31"))
    assert "aiver" not in to_markdown(make_card(facts(), signature()))


def test_a_card_and_a_bill_name_the_licences():
    known = facts(environment={"numpy": "2.0", "odd": "1"}, licences={"numpy": "BSD-3-Clause", "odd": ""})
    assert "| BSD-3-Clause | numpy |" in to_markdown(make_card(known, signature()))
    assert "| not told by its metadata | odd |" in to_markdown(make_card(known, signature()))
    numpy, odd = make_bom(known)["components"]
    assert numpy["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert "licenses" not in odd
    forgotten = facts(environment=known.environment, licences={"numpy": "BSD-3-Clause"})
    assert to_markdown(make_card(forgotten, signature())) == to_markdown(make_card(known, signature()))


def test_a_card_of_very_many_groups_counts_those_that_it_does_not_list():
    group = facts().slices[0]
    told = "The first 200 of 212 groups are listed."
    assert told in to_markdown(make_card(facts(slices=[group] * 212), signature()))
    assert "are listed" not in to_markdown(make_card(facts(slices=[group] * 200), signature()))


def test_a_card_without_slices_says_that_nobody_measured_them():
    said = to_markdown(make_card(facts(slices=[]), signature()))
    assert "not measured for groups" in said
    assert "for each group" not in said


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes += [name for name, _ in attrs]


OURS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "pre", "ul", "li", "div"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
TEXTS = ("name", "owner", "statement", "target", "metric", "estimator", "code", "problem")


def evil_card():
    measure = Measure(id="x", title=EVIL, value=1, low=0, high=2, column=EVIL, group=EVIL, rows=1)
    everything = dict.fromkeys(TEXTS, EVIL) | {"measures": [measure], "slices": [measure], "warnings": [EVIL]}
    odd = facts(
        **everything,
        parameters={EVIL: EVIL},
        environment={EVIL: EVIL},
        licences={EVIL: EVIL},
        words=CardWords(out_of_scope=EVIL, ethics=EVIL, caveats=EVIL, contact=EVIL, licence=EVIL),
        waivers=[Waiver(check=EVIL, reason=EVIL, by=EVIL, until=EVIL)],
    )
    column = {"name": EVIL, "kind": "category", "dtype": EVIL, "nullable": False, "categories": [EVIL]}
    return odd, make_card(odd, signature(inputs=[column], labels=[EVIL]))


def test_no_text_becomes_part_of_the_page():
    _, card = evil_card()
    page = to_html(card)
    tags = Tags()
    tags.feed(page)
    assert tags.seen <= OURS
    assert not [name for name in tags.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "\u202e" not in page
    assert "default-src 'none'" in page


def test_no_text_becomes_part_of_the_markdown():
    _, card = evil_card()
    text = to_markdown(card)
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    tags = Tags()
    tags.feed(page)
    assert tags.seen <= OURS | {"code"}
    assert "href" not in tags.attributes
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in {3, 4, 5, 6, 7} for row in rows)
    assert "\u202e" not in text


def test_a_bill_says_nothing_of_when_and_names_every_part_once():
    bill = make_bom(facts())
    assert bill == make_bom(facts())
    assert "timestamp" not in json.dumps(bill)
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == len(references)
    model = bill["metadata"]["component"]
    assert model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][1]["slice"] == "kind = red"
    assert make_bom(facts(model="b" * 64))["serialNumber"] != bill["serialNumber"]


@pytest.mark.models
@pytest.mark.parametrize("which", ["plain", "evil", "packed"])
def test_a_bill_follows_the_specification(finished, which):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = {"plain": facts, "evil": lambda: evil_card()[0], "packed": lambda: open_package(finished / "package").facts}
    bill = make_bom(found[which]())
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    assert validator.validate_str(json.dumps({**bill, "modelCard": {}})) is not None


def test_a_packed_bill_is_the_one_of_its_facts(finished):
    found = open_package(finished / "package")
    assert json.loads((finished / "package" / "bom.json").read_bytes()) == make_bom(found.facts)
    assert (finished / "package" / "card.html").read_text() == to_html(make_card(found.facts, found.signature))


def test_slices_and_measures_are_told_apart_and_what_is_no_number_is_left_out():
    def check(id_, observed, evidence):
        return judge(id_, id_, ok=True, observed=observed, evidence=evidence)

    interval = {"value": 1.0, "low": 0.5, "high": 1.5}
    report = conclude(
        "evaluate",
        [
            check("metric.model", interval, {}),
            check("evaluate.slice.kind.red", None, {**interval, "column": "kind", "group": "red", "rows": 3}),
            check("evaluate.slice.kind.none", {"value": "NaN", "low": 0.5, "high": 1.5}, {"column": "kind"}),
            check("evaluate.predictions", 40, {}),
        ],
    )
    overall, slices = find_measures(report)
    assert [measure.id for measure in overall] == ["metric.model"]
    assert [(measure.column, measure.group, measure.rows) for measure in slices] == [("kind", "red", 3)]


def test_warnings_alone_become_limits():
    checks = [
        Check(id=outcome.value, title=f"It {outcome.value}", outcome=outcome, reason="why") for outcome in Outcome
    ]
    assert find_warnings([conclude("train", checks)]) == ["It warn: why"]


def test_a_slice_of_the_evaluation_reaches_the_card(repo):
    path = repo / "reports" / "evaluate.json"
    document = json.loads(path.read_text())
    evidence = {
        "metric": "mean_absolute_error",
        "value": 1.0,
        "low": 0.5,
        "high": 1.5,
        "column": "kind",
        "group": "red",
    }
    document["checks"].append(
        {"id": "evaluate.slice.kind.red", "title": "Red", "outcome": "pass", "evidence": evidence}
    )
    path.write_text(json.dumps(document))
    assert not open_package(repo / "package").facts.slices
    walk(repo, ["package"])
    assert [(measure.column, measure.group) for measure in open_package(repo / "package").facts.slices] == [
        ("kind", "red")
    ]
    assert "| kind | red |" in (repo / "package" / "card.md").read_text()
