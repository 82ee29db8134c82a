"""A script's own figures: kept as its claim, and held against what the road measured; never evidence by themselves.

The file that the script writes is one JSON object of names and numbers; objects inside it are flattened, ``test`` with
``mean_absolute_error`` to ``test.mean_absolute_error``. What is no number (a text, a truth value, null, a list) is left
out and named. The names are anybody's text.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from pavedroad.errors import EvidenceError, PackageError, UserCodeError
from pavedroad.foundation.evaluation.metrics import METRICS, Better, Metric
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.jsonfile import read_document
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Severity, decode, encode, judge, write_whole

CLAIMED = "claimed.json"
"""The file that holds them beside a model, or in its place."""
MAX_BYTES = 1024 * 1024
MAX_FIGURES = 200
MAX_DEPTH = 8
LONGEST_NAME = 200
SHOWN = 20
ABOUT_TEST = frozenset({"eval", "evaluation", "holdout", "metrics", "test", "val", "valid", "validation"})
"""Names of objects whose figures are about rows that were kept apart; under any other name they may be about others."""


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a script says of itself."""

    schema: Literal["pavedroad.claims/1"] = "pavedroad.claims/1"
    figures: dict[str, float]
    """By their names, in the script's order."""
    left_out: list[str]
    """The names of what is no number."""


def take_claims(path: Path) -> Claims:
    """Read what a script wrote, strictly.

    Raises:
        UserCodeError: the file is no JSON object, too large, too deep, holds NaN, a name twice, or no number at all.
    """
    advice = "Let the script write one JSON object of names and numbers, for example with json.dump."
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UserCodeError(f"The metrics have {size:,} bytes; at most {MAX_BYTES:,} are read.", next_step=advice)
    try:
        document = decode(path.read_bytes())
    except EvidenceError as error:
        raise UserCodeError(f"The metrics cannot be read: {error.what}", next_step=advice) from error
    if not isinstance(document, dict):
        raise UserCodeError("The metrics are no JSON object.", next_step=advice)
    figures: dict[str, float] = {}
    left_out: list[str] = []
    for name, value in _flatten(document):
        if name in figures or name in left_out:
            raise UserCodeError(f"The metrics hold the name {_show(name)} twice.", next_step=advice)
        if isinstance(value, int | float) and not isinstance(value, bool):
            figures[name] = float(value)
        else:
            left_out.append(name)
        if len(figures) + len(left_out) > MAX_FIGURES:
            raise UserCodeError(f"The metrics hold more than {MAX_FIGURES:,} names.", next_step=advice)
    if not figures:
        raise UserCodeError("The metrics hold no number.", next_step=advice)
    return Claims(figures=figures, left_out=left_out)


def _flatten(document: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[tuple[str, object]]:
    if depth > MAX_DEPTH:
        raise UserCodeError(f"The metrics are nested more than {MAX_DEPTH} deep.", next_step="Write fewer levels.")
    for key, value in document.items():
        name = f"{above}{key}"
        if not key.strip() or len(name) > LONGEST_NAME:
            raise UserCodeError(
                f"The metrics hold the name {_show(name)}, which is empty or has more than {LONGEST_NAME} characters."
            )
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.", depth + 1)
        else:
            yield name, value


def _show(name: str) -> str:
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:40]}…")


def write_claims(path: Path, claims: Claims) -> None:
    """Write them as strict JSON."""
    write_whole(path, encode(claims))


def read_claims(path: Path) -> Claims:
    """Read what training kept.

    Raises:
        PackageError: there is nothing, or the file is not valid.
    """
    next_step = "Let the script run again: pavedroad train."
    return read_document(path, Claims, "file of a script's own figures", next_step=next_step, error=PackageError)


def find_comparable(claims: Claims, problem: str) -> dict[str, Metric]:
    """The figures that bear the name of a metric for this kind of problem, with the metric, by their whole names.

    They stand at the top or under a name that says that they are about rows kept apart (:data:`ABOUT_TEST`); what is
    called ``train.mean_absolute_error`` or ``baseline.mean_absolute_error`` is about something else.
    """
    found = {}
    for name in claims.figures:
        *above, last = name.split(".")
        metric = METRICS.get(last)
        if metric is not None and problem in metric.problems and ABOUT_TEST.issuperset(above):
            found[name] = metric
    return found


def widen(measured: Interval) -> Interval:
    """The limits in which the same model's metric lies on as many other rows, at the same confidence.

    The script measured on rows of its own, so both figures vary, and their difference does by the square root of two
    more than one of them. Source: J. Spence and D. Stanley, "Prediction Interval: What to Expect When You're Expecting
    … A Replication", PLoS ONE 11 (2016).
    """
    root = math.sqrt(2)
    low = measured.value - root * (measured.value - measured.low)
    return Interval(measured.value, low, measured.value + root * (measured.high - measured.value))


def compare_claim(claimed: float, measured: Interval, better: Better) -> Literal["same", "better", "worse"]:
    """What a script says of itself beside what the road measured: within the widened limits, or on which side."""
    limits = widen(measured)
    if limits.low <= claimed <= limits.high:
        return "same"
    return "better" if (claimed > limits.high) == (better == "higher") else "worse"


def tell_claims(id_: str, claims: Claims, held: int | None = None) -> Check:
    """The figures in the script's own words; their names are the script's, so none stands where ours would."""
    figures = [f"{name} = {value:.6g}" for name, value in claims.figures.items()]
    said = f"The script says: {join_some(figures, SHOWN, '; ')}."
    if claims.left_out:
        said += f" Left out, because they are no numbers: {join_some(claims.left_out, SHOWN)}."
    return judge(
        id_,
        "The script's own figures were kept, as its claim and no evidence",
        ok=True,
        severity=Severity.INFO,
        observed=f"{len(figures):,} figures" + ("" if held is None else f", {held:,} that the road measures too"),
        reason=said,
        evidence={f"claimed.{name}": value for name, value in claims.figures.items()},
    )
