"""Values as words: readable numbers, one line, nothing unseen, nothing that Markdown could take for structure."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pavedroad.foundation.text import join_some
from pavedroad.render import words
from pavedroad.report import Check, Outcome, Place, Run


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (1461, "1,461"),
        (-12, "-12"),
        (10**30, "1.000e+30"),
        (0.0, "0"),
        (2.91449, "2.914"),
        (1234567.89, "1,234,568"),
        (-9876.5, "-9,876"),
        (0.00001234, "1.234e-05"),
        (0.1 + 0.2, "0.3"),
        (1e300, "1.000e+300"),
    ],
)
def test_numbers_are_for_people(value, expected):
    assert words.number(value) == expected


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(0, 2, ""), (2, 2, "a, b"), (3, 2, "a, b and 1 more"), (14, 2, "a, b and 12 more"), (1, 5, "a")],
)
def test_what_a_list_leaves_out_is_counted(count, most, expected):
    items = list("abcdefghijklmn")[:count]
    assert join_some(items, most) == expected
    assert join_some(items, most, "; ") == expected.replace(", ", "; ")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.34, "340 ms"),
        (4.21, "4.2 s"),
        (59.9, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (-1, "–"),
        (float("nan"), "–"),
    ],
)
def test_durations_are_for_people(seconds, expected):
    assert words.duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        ("as is", "as is"),
        ([1, None, "b"], "1, –, b"),
        ([], "none"),
        ({"low": 1.5, "high": 2000}, "low: 1.5, high: 2,000"),
        ({"value": 2, "low": 1.5, "high": 3}, "2 (1.5 to 3)"),
        ("3f1c9a7be2d04c55a1f0b6d2c8e97a4410bb5b5f", "3f1c9a7be2d0…"),
        (list(range(11)), "0, 1, 2, 3, 4, 5, 6, 7 and 3 more"),
    ],
)
def test_values_are_one_line(value, expected):
    assert words.words(value) == expected


def test_a_long_text_is_cut_and_says_so():
    assert words.clean("word " * 4000).endswith("…")
    assert len(words.clean("word " * 4000)) <= words.LONGEST
    assert not words.clean("word " * 10).endswith("…")


def test_a_measurement_stands_in_the_run_section():
    check = Check(id="latency.p95", title="", outcome=Outcome.PASS)
    run = Run(started="", duration_s=1.0, measured={"latency.p95": 3.14159})
    assert words.observed(check, run) == "3.142"
    assert words.observed(check, None) == "–"


def test_places_name_the_line_when_it_is_known():
    assert words.place(Place("suite.json", 7)) == "suite.json:7"
    assert words.place(Place("suite.json")) == "suite.json"
    assert words.place(None) == ""


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\x00", "\x1b", "\ud800", "\u200b", "\ufeff", "\U000e0041"])
def test_unseen_characters_are_written_out(unseen):
    shown = words.clean(f"a{unseen}b")
    assert unseen not in shown
    assert f"{ord(unseen):04x}" in shown
    assert shown.encode()


def test_scripts_that_need_joiners_keep_them():
    word = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert words.clean(word) == word


@pytest.mark.parametrize(
    "plain", ["temp_max rises to 3.5 °C", "-0.41", "08:15:12 UTC", "(a, b) = c", "2015-03-01", "Ümläut: ja!"]
)
def test_ordinary_text_stays_readable_in_the_source(plain):
    assert words.escape(plain) == plain


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("::error::x", r"::"),
        ("a|b", r"\|"),
        ("<b>", r"[<>]"),
        ("`x`", r"`"),
        ("[a](b)", r"[\[\]]"),
        ("*a* _b_ ~c~", r"[*~]|_b|b_"),
        ("- a", r"^- "),
        ("12. a", r"^12\."),
        ("$x$", r"\$"),
        ("&lt;", r"&lt;"),
    ],
)
def test_what_markdown_takes_for_structure_is_gone(text, active):
    assert re.search(active, text), "the twin: unescaped, the text is active"
    assert not re.search(active, words.escape(text))


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("@org/team", r"@\w"),
        ("see #12", r"#\d"),
        ("GH-12", r"GH-\d"),
        ("https://evil.example", r"://\w"),
        ("www.evil.example", r"www\."),
        ("a :tada: b", r":tada:"),
    ],
)
def test_what_github_links_after_markdown_is_apart(text, active):
    """GitHub looks for mentions in the text that Markdown made, so an entity alone would not help."""
    assert re.search(active, text), "the twin: as it is, the text is active"
    assert not re.search(active, html.unescape(words.escape(text)))


@given(st.text())
@example("\\\u2028|")
def test_any_text_becomes_one_inert_line(text):
    escaped = words.escape(text)
    assert len(escaped.splitlines()) <= 1
    assert not re.search(r"[<>|`\[\]*\\]", escaped)
    assert escaped.encode().decode() == escaped


def test_names_between_backticks_become_code():
    assert words.escape_prose("`temp_max` is <b>never</b> `a|b`") == (
        "<code>temp_max</code> is &#60;b&#62;never&#60;/b&#62; <code>a&#124;b</code>"
    )
    assert words.escape_prose("one ` alone") == "one &#96; alone"


@given(st.text(alphabet="`<>ab|@ "))
def test_code_opens_and_closes(text):
    escaped = words.escape_prose(text)
    assert escaped.count("<code>") == escaped.count("</code>")
    assert not re.search(r"[<>|`]", escaped.replace("<code>", "").replace("</code>", ""))
