"""The page: everything a stakeholder needs, nothing that loads, runs or was smuggled in by a report."""

import hashlib
import html
import re
import sys
from base64 import b64encode
from html.parser import HTMLParser

import msgspec
import pytest
from hostile_text import HOSTILE

from pavedroad.render import words
from pavedroad.render.html import to_html
from pavedroad.report import Check, Figure, Outcome, Report, conclude, judge

_VOID = {"meta", "link", "br", "path", "line", "rect", "circle"}
_TEXT_TAGS = {"a", "code", "h1", "h2", "h3", "p", "span", "strong", "style", "title"}
_FRAME_TAGS = {
    "body",
    "details",
    "div",
    "footer",
    "head",
    "header",
    "html",
    "link",
    "main",
    "meta",
    "nav",
    "section",
    "summary",
}
_LIST_TAGS = {"dd", "dl", "dt", "figcaption", "figure", "li", "ol", "ul"}
_TABLE_TAGS = {"table", "tbody", "td", "th", "thead", "tr"}
_SVG_TAGS = {"circle", "g", "line", "path", "rect", "svg", "text"}
_TAGS = _TEXT_TAGS | _FRAME_TAGS | _LIST_TAGS | _TABLE_TAGS | _SVG_TAGS
_LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href", "ping", "manifest"}


class _Page(HTMLParser):
    """The parts of a page that a test asks for, and every way in which it is not ours."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"left open: {self.open}")
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        if tag not in _TAGS:
            self.wrong.append(f"tag {tag}")
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
            if name.startswith("on") or name in _LOADING or name == "style":
                self.wrong.append(f"attribute {name}")
            if name == "href" and value != "data:," and not value.startswith("#"):
                self.wrong.append(f"link {value}")

    def handle_endtag(self, tag):
        if tag in _VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"end of {tag}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def handle_comment(self, data):
        self.wrong.append(f"comment {data!r}")

    def unknown_decl(self, data):
        self.wrong.append(f"declaration {data!r}")


def test_the_page_tells_the_whole_story(road):
    page = _Page(to_html(road))
    assert page.wrong == []
    for told in (
        "The road says yes, with warnings",
        "The model beats the seasonal naive baseline by 65 %",
        "umbrella-sales",
        "owned by @shop/forecasting",
        "2.914",
        "2.667 to 3.172",
        "8.214",
        "64.5 % below the baseline",
        "1 of 5 columns drifted: wind.",
        "The model sells 0.41 umbrellas too few a day on average.",
        "expectations/suite.json:12",
        "9b1fd4cbd2b1",
        "scikit-learn",
        "HistGradientBoostingRegressor",
        "3.142",
        "What needs attention",
    ):
        assert told in page.words, told


def test_a_lost_gate_says_no_first(make_road):
    page = _Page(to_html(make_road(loses=True)))
    assert "The road says no" in page.words
    assert "The road says yes" not in page.words
    assert page.words.index("The model beats the baseline for certain") < page.words.index("Errors average out")


@pytest.mark.parametrize("stages", range(8))
def test_every_part_of_the_road_renders(road, stages):
    page = _Page(to_html(road[:stages]))
    assert page.wrong == []
    assert ("There is no verdict" in page.words) is (stages < 7)


def test_every_single_stage_renders(road):
    for report in road:
        bare = msgspec.structs.replace(report, figures=[], inputs=[], about={}, run=None, summary="")
        assert _Page(to_html([report])).wrong == []
        assert _Page(to_html([bare])).wrong == []


def test_the_same_reports_make_the_same_page(road):
    assert to_html(road) == to_html(road)


def test_links_lead_somewhere_and_ids_are_unique(road):
    page = _Page(to_html(road))
    assert len(page.ids) == len(set(page.ids))
    targets = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert targets
    assert targets <= set(page.ids)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_hostile_text_is_shown_and_does_nothing(make_hostile_road, text):
    rendered = to_html(make_hostile_road(text))
    page = _Page(rendered)
    assert page.wrong == []
    assert words.clean(text, 60).rstrip("…") in page.words
    assert rendered.encode()
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00\x1b]", rendered)


def test_the_twin_unescaped_text_is_noticed(make_hostile_road):
    rendered = to_html(make_hostile_road(HOSTILE[0]))
    assert _Page(html.unescape(rendered)).wrong
    rendered = to_html(make_hostile_road("plain"))
    for smuggled in (
        '<img src="http://evil.example">',
        "<!-- x -->",
        '<p onclick="x">',
        "</section>",
        '<a href="//x">',
    ):
        assert _Page(rendered.replace("plain", smuggled, 1)).wrong, smuggled


def test_the_policy_allows_our_style_alone(road):
    rendered = to_html(road)
    style = re.search(r"<style>(.*?)</style>", rendered, re.DOTALL)[1]
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', rendered)[1])
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert "url(" not in style
    assert "@import" not in style


def test_without_the_drawing_package_the_numbers_stand_as_tables(road, monkeypatch):
    assert "<svg" in to_html(road)
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.delitem(sys.modules, "pavedroad.engines.vegalite", raising=False)
    rendered = to_html(road)
    page = _Page(rendered)
    assert page.wrong == []
    assert "<svg" not in rendered
    assert "pavedroad[pictures]" in page.words
    assert "0.31" in page.words


def test_a_broken_figure_becomes_a_note(road):
    broken = Figure("x", "fit", "Broken", {"actual": [1.0, 2.0], "predicted": [1.0]})
    page = _Page(to_html([msgspec.structs.replace(road[2], figures=[broken])]))
    assert page.wrong == []
    assert "There is no picture. The columns of the figure 'x' differ in length." in page.words


def test_the_numbers_of_times_are_told_by_their_names_and_not_in_milliseconds(road):
    data = {"bin": ["2024-02-29 to 2024-03-01"], "share": [1.0], "low": [1709164800000], "high": [1709251200000]}
    times = _Page(to_html([msgspec.structs.replace(road[2], figures=[Figure("x", "distribution", "T", data, "time")])]))
    assert "2024-02-29 to 2024-03-01" in times.words
    assert "1,709,164,800,000" not in times.words
    plain = _Page(to_html([msgspec.structs.replace(road[2], figures=[Figure("x", "distribution", "T", data)])]))
    assert "1,709,164,800,000" in plain.words


def test_thousands_of_columns_stay_readable():
    names = [f"column_{number}" for number in range(3000)]
    checks = [judge(f"validate.{name}", f"{name} is never empty", ok=name != "column_2999") for name in names]
    figures = [Figure(f"validate.{name}", "distribution", name, {"bin": ["a"], "share": [1.0]}) for name in names]
    rendered = to_html([conclude("validate", checks, figures=figures)])
    page = _Page(rendered)
    assert page.wrong == []
    assert rendered.count("<svg") == 60
    assert "2,940 more pictures are left out" in page.words
    assert "2,500 more checks stand in the JSON report." in page.words
    assert page.words.index("column_2999 is never empty") < page.words.index("column_0 is never empty")
    assert len(rendered) < 1_500_000


def test_many_passed_checks_are_folded_and_failed_ones_are_not():
    checks = [judge(f"a.{number}", f"Check {number}", ok=number != 7) for number in range(20)]
    rendered = to_html([conclude("validate", checks)])
    assert "19 checks passed" in rendered
    before, folded = rendered.split("19 checks passed")
    assert "Check 7" in before
    assert "Check 8" not in before
    assert "Check 8" in folded


def test_outcomes_are_told_by_word_and_symbol():
    checks = [Check(id=f"a.{outcome}", title="A", outcome=outcome) for outcome in Outcome]
    page = _Page(to_html([conclude("validate", checks)]))
    for outcome in Outcome:
        assert f"{words.SYMBOLS[outcome]} {words.WORDS[outcome]}" in page.words


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_theme_can_be_read(road):
    style = re.search(r"<style>(.*?)</style>", to_html(road), re.DOTALL)[1]
    light, dark, paper = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    )
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#999999", "#ffffff") < 4.5, "the twin: light grey on white is too faint"
    for theme in (light, {**light, **dark}, {**light, **paper}):
        for front in ("ink", "muted", "accent", "pass", "warn", "fail", "error", "skipped"):
            for back in ("page", "card"):
                assert _contrast(theme[front], theme[back]) >= 4.5, (front, back)
        for outcome in ("pass", "warn", "fail", "error"):
            assert _contrast(theme[outcome], theme[f"{outcome}-soft"]) >= 4.5, outcome
            assert _contrast(theme["ink"], theme[f"{outcome}-soft"]) >= 7, outcome
            assert _contrast(theme["card"], theme[outcome]) >= 4.5, outcome
        assert _contrast(theme["grey"], theme["card"]) >= 3


def test_reports_are_not_changed(road):
    before = msgspec.json.encode(road)
    to_html(road)
    assert msgspec.json.encode(road) == before
    assert all(isinstance(report, Report) for report in road)


@pytest.mark.parametrize(
    ("page", "linked"), [("drift-evidently.html", True), ("https://example.org", False), ("javascript:alert(1)", False)]
)
def test_a_report_leads_to_a_vendors_page_that_is_known_and_to_nothing_else(page, linked):
    report = conclude("drift", [Check(id="drift.x", title="x", outcome=Outcome.PASS)], about={"page": page})
    assert (f'href="{page}"' in to_html([report])) is linked
    assert ('href="drift-evidently.html"' in to_html([report])) is linked


def test_evidence_that_is_empty_is_shown_as_nothing_and_not_as_a_gap():
    check = judge("package.card", "What the card says", ok=True, evidence={"ethics": "", "owner": "Ada"})
    assert "ethics: –; owner: Ada" in to_html([conclude("package", [check])])
