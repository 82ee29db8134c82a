"""Evidently's own page: as many columns as it can show, on a stated sample, and no door for what a table holds."""

import numpy as np
import pandas as pd
import pytest

from pavedroad.engines.evidently import page as engine
from pavedroad.errors import EvidenceError
from pavedroad.foundation.drift.page import Note, Pair, write_page
from pavedroad.foundation.drift.reference import hold_frame, measure

RNG = np.random.default_rng(5)
NOTE = Note("150 rows of <today> against 200 before.", "Made of abc")
HOSTILE = "</script><script>alert(1)</script>"


def pair(reference, current, method="auto"):
    before = measure(hold_frame(reference), "before")
    now = measure(hold_frame(current), "now", like=before)
    return [Pair(*sides, method, 0.1) for sides in zip(before.columns, now.columns, strict=True)]


def test_it_shows_what_it_can_and_says_what_it_cannot_and_of_how_many_rows(tmp_path, monkeypatch):
    table = pd.DataFrame({"good": RNG.normal(size=200), "bad": RNG.normal(size=200), "word": ["a", "b"] * 100})
    run = engine._run

    def give_up(shown):
        if [name for name, _ in shown] == ["bad"]:
            raise ZeroDivisionError("It <gave> up")
        return run(shown)

    monkeypatch.setattr(engine, "_run", give_up)
    path = tmp_path / "page.html"
    assert write_page(pair(table, table.head(150)), path, NOTE) == ["bad: ZeroDivisionError: It <gave> up"]
    page = path.read_text()
    assert page.startswith("<!-- Made of abc -->\n<!DOCTYPE html>")
    assert "150 rows of &lt;today&gt; against 200 before." in page
    assert "Shown are 2 columns, on at most 10,000 values of each side" in page
    assert "Evidently gave up on 1: bad: ZeroDivisionError: It &lt;gave&gt; up" in page
    assert "Drift in column 'good'" in page
    assert "Drift in column 'word'" in page
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


TRAPS = {
    "gaps": ([1.0, None] * 50, [1.0, 2.0] * 50),
    "infinite values": ([1.0, 2.0] * 50, [1.0, np.inf] * 50),
    "nullable integers": (pd.array([1, None] * 50, dtype="Int64"), pd.array([1, 2] * 50, dtype="Int64")),
    "arrow strings": (pd.array(["a", "b"] * 50, dtype="string[pyarrow]"), pd.array(["a", "c"] * 50, dtype="string")),
    "booleans with gaps": ([True, None] * 50, [True, False] * 50),
    "a constant": ([1.0] * 100, [1.0] * 100),
    "times": (pd.date_range("2020", periods=100), pd.date_range("2021", periods=100)),
}


def test_none_of_what_breaks_it_on_rows_breaks_its_page(tmp_path):
    pairs = [
        Pair(*(side for side in (found.reference, found.current)), "auto", 0.1)
        for name, (reference, current) in TRAPS.items()
        for found in pair(pd.DataFrame({name: reference}), pd.DataFrame({name: current}))
    ]
    assert write_page(pairs, tmp_path / "page.html", NOTE) == []
    page = (tmp_path / "page.html").read_text()
    assert all(f"Drift in column '{name}'" in page for name in TRAPS)


def test_no_name_and_no_value_becomes_part_of_the_page(tmp_path):
    table = pd.DataFrame(
        {HOSTILE: [HOSTILE, "b"] * 60, "(/script)(script)alert(1)(/script)": [1.0, 2.0] * 60, "": ["", "c"] * 60}
    )
    assert write_page(pair(table, table), tmp_path / "page.html", Note(HOSTILE, "m")) == []
    page = (tmp_path / "page.html").read_text()
    assert "<script>alert(1)" not in page
    assert "(script)alert(1)(/script) (1)" in page, "two names that look alike stay two columns"
    assert "default-src &#x27;none&#x27;" in page


def test_columns_of_different_length_are_shown_side_by_side(tmp_path):
    long, short = pd.DataFrame({"x": RNG.normal(size=300)}), pd.DataFrame({"y": RNG.normal(size=40)})
    assert write_page([*pair(long, long), *pair(short, short)], tmp_path / "page.html", NOTE) == []


def test_no_column_at_all_is_an_error_and_no_page(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_run", lambda _: 1 / 0)
    table = pd.DataFrame({"x": [1.0, 2.0] * 50})
    with pytest.raises(EvidenceError, match="none of the columns: x: ZeroDivisionError"):
        write_page(pair(table, table), tmp_path / "page.html", NOTE)
    assert not (tmp_path / "page.html").exists()
