"""The comment on GitHub: short enough, in order of importance, and no report can break out of it."""

import re

import pytest
from hostile_text import HOSTILE
from markdown_it import MarkdownIt

from pavedroad.render import markdown, words
from pavedroad.render.lineage import find_lineage
from pavedroad.render.markdown import LONGEST, to_markdown
from pavedroad.render.mermaid import draw_comparison, draw_lineage, draw_road
from pavedroad.render.verdict import find_comparison, to_rows
from pavedroad.report import Check, Outcome, conclude, judge

_OURS = {"<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<br>", "<code>", "</code>"}
_PAIRS = ("heading", "paragraph", "blockquote", "table", "thead", "tbody", "tr", "th", "td")
_BLOCKS = {"inline", "fence", "html_block", *(f"{name}_{end}" for name in _PAIRS for end in ("open", "close"))}
_INLINES = {"text", "strong_open", "strong_close", "html_inline", "softbreak", "text_special"}


def _find_wrong(text: str) -> list[str]:
    """Everything in the Markdown that is not ours: blocks, tags, links, mentions, torn tables, commands."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    inside = [child for token in tokens for child in token.children or ()]
    wrong = [token.type for token in tokens if token.type not in _BLOCKS]
    wrong += [child.type for child in inside if child.type not in _INLINES]
    wrong += [token.info for token in tokens if token.type == "fence" and token.info != "mermaid"]
    raw = [token.content for token in (*tokens, *inside) if token.type in ("html_block", "html_inline")]
    wrong += [tag for content in raw for tag in re.findall(r"<[^>]*>?", content) if tag not in _OURS]
    texts = [child.content for child in inside if child.type in ("text", "text_special")]
    wrong += [content for content in texts if re.search(r"@\w|://\w|www\.|#\d", content)]
    wrong += re.findall(r"::(?!:?(?:pass|warn|fail|error|skipped)$)", text, re.MULTILINE)
    wrong += re.findall(r"[\u202a-\u202e\u2066-\u2069\x00\x1b]", text)
    return wrong + _find_torn_tables(text)


def _find_torn_tables(text: str) -> list[str]:
    """Rows with another number of bars than the head of their table; Markdown itself would hide the difference."""
    wrong = []
    bars = 0
    for line in text.splitlines():
        found = len(re.findall(r"(?<!\\)\|", line))
        if bars and line.startswith("|") and found != bars:
            wrong.append(line)
        bars = found if line.startswith("|") else 0
    return wrong


def test_the_comment_tells_what_matters_first(road):
    text = to_markdown(road)
    assert _find_wrong(text) == []
    order = [
        "## ⚠️ The road says yes, with warnings: umbrella-sales",
        "The model beats the seasonal naive baseline by 65 %",
        "| **model** | 2.914 | 2.667 to 3.172 |",
        "| baseline | 8.214 | 7.61 to 8.847 |",
        "### The road",
        "| drift | ⚠️ warned | 1 of 5 columns drifted: wind. | 930 ms |",
        "### What needs attention",
        "Its values lie higher than in the training data",
        "```mermaid",
        "checks passed",
        "Commit: 9b1fd4cbd2b1",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_a_lost_gate_says_no(make_road):
    text = to_markdown(make_road(loses=True))
    assert text.startswith("## ❌ The road says no: umbrella-sales\n")
    assert "| ❌ failed | **The model beats the baseline for certain**" in text
    assert "<code>pavedroad.toml:18</code>" in text


@pytest.mark.parametrize("stages", range(8))
def test_every_part_of_the_road_renders(road, stages):
    text = to_markdown(road[:stages])
    assert _find_wrong(text) == []
    assert ("There is no verdict" in text) is (stages < 7)


def test_the_same_reports_make_the_same_text(road):
    assert to_markdown(road) == to_markdown(road)


def test_nobody_is_pinged(road):
    assert "shop/forecasting" in to_markdown(road)
    assert not re.search(r"(@|&#64;)\w", to_markdown(road))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_hostile_text_stays_text(make_hostile_road, text):
    rendered = to_markdown(make_hostile_road(text))
    assert _find_wrong(rendered) == []
    assert len(rendered) < LONGEST
    assert rendered.encode()


_ACTIVE = [text for text in HOSTILE if not text.startswith(("word", "{{", "&lt;", "1.", "- ", "\\"))]


@pytest.mark.parametrize("text", _ACTIVE, ids=lambda text: repr(text[:24]))
def test_the_twin_unescaped_text_is_noticed(make_hostile_road, monkeypatch, text):
    for name in ("escape", "escape_prose"):
        monkeypatch.setattr(markdown, name, lambda text, longest=300: text[:longest].encode(errors="replace").decode())
    assert _find_wrong(to_markdown(make_hostile_road(text)))


@pytest.mark.parametrize("name", ["a", "@a" * 150, "&" * 300, "column"])
@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL])
def test_thousands_of_checks_are_cut_and_the_text_says_so(name, outcome):
    checks = [
        Check(id=f"{name}.{number}", title=f"{name} {number}", outcome=outcome, reason=name * 3, observed=name)
        for number in range(5000)
    ]
    reports = [conclude(f"stage {number}", checks[:100], summary=name) for number in range(40)]
    text = to_markdown([*reports, conclude("gate", checks, summary=name, about={"project": name, "statement": name})])
    assert 20_000 < len(text) <= LONGEST
    assert re.search(r"\d+ (passed checks|checks that did not pass) left out to keep this short\.", text)
    assert _find_wrong(text) == []


def test_passed_checks_are_dropped_before_failed_ones():
    checks = [judge(f"a.{number}", f"Check {number} {'x' * 250}", ok=number >= 60) for number in range(400)]
    text = to_markdown([conclude("validate", checks), conclude("gate", [judge("g", "G", ok=False)])])
    assert len(text) <= LONGEST
    assert all(f"Check {number} x" in text for number in range(60))
    assert "passed checks left out" in text
    assert "did not pass left out" not in text


def test_the_road_is_drawn_with_words_and_symbols(road):
    drawn = draw_road(to_rows(road))
    assert 's0["✓ validate<br/>passed"]:::pass' in drawn
    assert "s0 --> s1 --> s2 --> s3 --> s4 --> s5 --> s6" in drawn
    assert draw_road(to_rows(road[:1])).count("-->") == 0


def test_the_lineage_is_drawn_as_arrows(road):
    drawn = draw_lineage(find_lineage(road))
    assert "c0n0 & c0n1 & c0n2 --> c1n0" in drawn
    assert "c1n0 --> c2n0" in drawn


def test_the_metric_is_drawn_as_bars(road):
    drawn = draw_comparison(find_comparison(road))
    assert "bar [2.914, 8.214]" in drawn
    assert "e+" not in drawn


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_mermaid_labels_hold_no_syntax(make_hostile_road, text):
    road = make_hostile_road(text)
    for drawn in (draw_road(to_rows(road)), draw_lineage(find_lineage(road)), draw_comparison(find_comparison(road))):
        assert drawn.startswith("```mermaid\n")
        assert drawn.endswith("\n```")
        inside = drawn.removeprefix("```mermaid\n").removesuffix("\n```")
        for label in re.findall(r'"(.*)"', inside):
            assert not re.search(r"[<>`\[\]{}|;%&#@\"]", label.replace("<br/>", "").replace('", "', ""))


def test_words_are_shared_with_the_page():
    assert set(words.WORDS) == set(words.SYMBOLS) == set(markdown._EMOJI) == set(Outcome)
