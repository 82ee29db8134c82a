"""Evidently's own page, made harmless: of columns it can show, with names that open no tag, and loading nothing.

Evidently writes names and values into a script of its page as they are; ``</script>`` in one would begin another. It
gives up on a whole page for one bad column, so each column is tried by itself first.
"""

import html
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

from pavedroad.engines.evidently.columns import P_VALUES, ROWS, choose_method
from pavedroad.errors import EvidenceError
from pavedroad.foundation.drift.page import Note, Pair
from pavedroad.foundation.drift.reference import ColumnSketch
from pavedroad.foundation.drift.samples import draw_sample
from pavedroad.report import write_whole

LONGEST = 200
"""Characters of a name or value that are shown."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
_UNSAFE = str.maketrans({"<": "(", ">": ")"})


def write_page(pairs: list[Pair], path: Path, note: Note) -> list[str]:
    """Write the page; see ``foundation.drift.page.write_page``."""
    shown: list[tuple[str, Pair]] = []
    left: list[str] = []
    for number, pair in enumerate(pairs):
        name = _clean(pair.reference.name)
        name = f"{name} ({number})" if name in {other for other, _ in shown} else name
        try:
            _run([(name, pair)])
        except Exception as error:  # noqa: BLE001 - whatever Evidently raises is about this one column
            left.append(f"{pair.reference.name}: {type(error).__name__}: {' '.join(str(error).split())[:LONGEST]}")
        else:
            shown.append((name, pair))
    if not shown:
        raise EvidenceError("Evidently could show none of the columns: " + "; ".join(left)[:1000])
    page = _run(shown).get_html_str(as_iframe=False)
    words = f"{note.about} Shown are {len(shown):,} columns, on at most {ROWS:,} values of each side, drawn evenly from"
    words += " the counts and in no order; empty and infinite ones are left out."
    if left:
        words += f" Evidently gave up on {len(left):,}: {'; '.join(left)}."
    head = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}"><title>Drift</title>'
    banner = f'<p id="pavedroad" style="font-family: sans-serif; margin: 1em">{html.escape(words)}</p>'
    page = re.sub(r"<head>", lambda found: found[0] + head, page, count=1)
    page = re.sub(r"<body>", lambda found: found[0] + banner, page, count=1)
    write_whole(path, f"<!-- {note.mark} -->\n{page.strip()}\n".encode("utf-8", errors="replace"))
    return left


def _run(shown: list[tuple[str, Pair]]) -> "Report":
    frames = [
        pd.DataFrame({name: _draw(side) for name, side in zip((n for n, _ in shown), sides, strict=True)})
        for sides in ([pair.reference for _, pair in shown], [pair.current for _, pair in shown])
    ]
    definition = DataDefinition(
        numerical_columns=[name for name, pair in shown if pair.reference.numeric],
        categorical_columns=[name for name, pair in shown if not pair.reference.numeric],
    )
    metrics = []
    for name, pair in shown:
        method = choose_method(pair.method, numeric=pair.reference.numeric)
        threshold = pair.threshold if method not in P_VALUES else min(pair.threshold, 1.0)
        metrics.append(ValueDrift(column=name, method=method, threshold=threshold))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        before, now = (Dataset.from_pandas(frame, data_definition=definition) for frame in frames)
        return Report(metrics).run(now, before)


def _draw(sketch: ColumnSketch) -> "pd.Series":
    """Values of a plain type; columns of a frame that are shorter than others end in gaps, which Evidently drops."""
    values = draw_sample(sketch, ROWS)
    # Counts know no order, and rows in the order of their values would be drawn as a trend.
    order = np.random.default_rng(0).permutation(len(values))
    if sketch.numeric:
        return pd.Series(np.array(values, dtype="float64")[order])
    return pd.Series([_clean(str(values[place])) for place in order], dtype=object)


def _clean(text: str) -> str:
    """A text that opens no tag, on one line."""
    line = " ".join(text.split()).translate(_UNSAFE)
    return (line if len(line) <= LONGEST else line[:LONGEST] + "…") or "(empty)"
