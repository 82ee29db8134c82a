"""Predictions that a script gave for the held-out rows, in place of a model: they can be scored, and nothing else.

The file that the script writes is a CSV or Parquet table with a row for each held-out row, in their order. The column
``prediction`` holds a number, or a class; ``probability:<class>`` for each class holds chances. Any other column that
the held-out rows have too, the keys among them, must hold the same values row by row.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from pavedroad.errors import DataError, PackageError, UserCodeError
from pavedroad.foundation.data.profile import hold_same
from pavedroad.foundation.data.tables import read_table
from pavedroad.foundation.evaluation.metrics import Needs, Predictions
from pavedroad.foundation.jsonfile import read_document
from pavedroad.foundation.text import join_some
from pavedroad.report import Scalar, encode, write_whole

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ANSWERS = "predictions.json"
"""The file that holds them, where a model's file would be."""
FORMAT = "predictions"
"""What a package calls the format of what it holds instead of a model."""
PREDICTION, PROBABILITY = "prediction", "probability:"


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Predictions, bound to the rows that they are for."""

    schema: Literal["pavedroad.answers/1"] = "pavedroad.answers/1"
    rows: str
    """The SHA-256 of the rows; see :func:`name_rows`."""
    labels: list[Scalar]
    values: list[Scalar]
    probabilities: list[list[float]] | None


def name_rows(rows: "pd.DataFrame", target: str) -> str:
    """A SHA-256 of rows without their target, in their order: other values, columns or another order give another."""
    from pandas.util import hash_pandas_object

    given = rows.drop(columns=[target], errors="ignore")
    named = hashlib.sha256(encode([str(name) for name in given.columns]))
    named.update(hash_pandas_object(given, index=False).to_numpy().astype("<u8").tobytes())
    return named.hexdigest()


def take_answers(
    path: Path, holdout: "pd.DataFrame", *, target: str, labels: tuple[object, ...], keys: list[str], needs: Needs
) -> Answers:
    """Read what a script wrote, and hold it to what predictions for these rows are.

    Args:
        path: the file.
        holdout: the rows that they must be for.
        target: the column that is predicted.
        labels: the classes; none for numbers.
        keys: columns that name a row, which the file must repeat.
        needs: what the metric needs.

    Raises:
        UserCodeError: the file is damaged, or holds something else; the error says what.
    """
    try:
        table = read_table(path)
    except DataError as error:
        raise UserCodeError(f"The predictions cannot be read: {error.what}", next_step=error.next_step) from error
    if len(table) != len(holdout):
        raise UserCodeError(f"The script wrote {len(table):,} predictions for {len(holdout):,} held-out rows.")
    lacking = [name for name in keys if name not in table.columns]
    if lacking:
        raise UserCodeError(
            f"The predictions lack the column {lacking[0]!r}, which says which row each is for.",
            next_step="Write the columns of data.keys beside them.",
        )
    for name in table.columns:
        known = name in holdout.columns and name not in {target, PREDICTION} and not name.startswith(PROBABILITY)
        if known and not hold_same(table[name], holdout[name]):
            raise UserCodeError(
                f"The predictions are for other rows: {name!r} differs from that of the held-out rows.",
                next_step="Keep the held-out rows as they are, in their order.",
            )
    chances = _take_chances(table, labels)
    if chances is None and needs == "probability":
        raise UserCodeError(
            "The metric needs chances, and the predictions hold none.",
            next_step=f"Write the columns {', '.join(PROBABILITY + str(label) for label in labels)}.",
        )
    if PREDICTION not in table.columns and chances is None:
        raise UserCodeError(
            f"The predictions have no column {PREDICTION!r}.",
            next_step=f"Columns there: {join_some(list(table.columns), 20)}.",
        )
    values = _take_values(table, labels) if PREDICTION in table.columns else _choose(labels, chances)
    return Answers(
        rows=name_rows(holdout, target),
        labels=[cast("Scalar", label) for label in labels],
        values=values,
        probabilities=None if chances is None else chances.tolist(),
    )


def _take_values(table: "pd.DataFrame", labels: tuple[object, ...]) -> list[Scalar]:
    import numpy as np

    column, rows = table[PREDICTION], len(table)
    missing = int(column.isna().sum())
    if missing:
        raise UserCodeError(f"{missing:,} of {rows:,} predictions are missing or no number (NaN).")
    if not labels:
        if column.dtype.kind not in "fiu":
            raise UserCodeError(f"The script predicts values of type {column.dtype}, not numbers.")
        numbers = column.to_numpy(dtype="float64")
        infinite = int((~np.isfinite(numbers)).sum())
        if infinite:
            raise UserCodeError(f"{infinite:,} of {rows:,} predictions are not finite numbers.")
        return [float(number) for number in numbers]
    known = {str(label): label for label in labels}
    found = [_write_class(value, known) for value in column.tolist()]
    strange = sorted(set(found) - known.keys())
    if strange:
        raise UserCodeError(f"The script predicts the class {strange[0]!r}, which training never saw.")
    return [known[name] for name in found]  # type: ignore[misc]


def _write_class(value: object, known: dict[str, object]) -> str:
    """A class as text; a whole number that arrived as a real one is written as its label is."""
    text = str(value)
    return text if text in known or not isinstance(value, float) or not value.is_integer() else str(int(value))


def _take_chances(table: "pd.DataFrame", labels: tuple[object, ...]) -> "np.ndarray | None":
    import numpy as np

    names = [f"{PROBABILITY}{label}" for label in labels]
    given = [str(name) for name in table.columns if str(name).startswith(PROBABILITY)]
    if not given:
        return None
    if set(given) != set(names):
        odd = sorted(set(given) ^ set(names))
        raise UserCodeError(
            f"The chances are not those of the target's classes; {odd[0]!r} is missing or too many.",
            next_step=f"Write the columns {', '.join(names)}." if names else "A number has no chances.",
        )
    strange = next((name for name in names if table[name].dtype.kind not in "fiu"), None)
    if strange is not None:
        raise UserCodeError(f"The column {strange!r} holds {table[strange].dtype} values, not chances.")
    chances = table[names].to_numpy(dtype="float64")
    if not np.isfinite(chances).all() or (chances < 0).any() or not np.allclose(chances.sum(axis=1), 1, atol=1e-6):
        raise UserCodeError("The chances are not finite numbers from 0 to 1 that add up to 1 in every row.")
    return chances


def _choose(labels: tuple[object, ...], chances: "np.ndarray | None") -> list[Scalar]:
    return [] if chances is None else [cast("Scalar", labels[place]) for place in chances.argmax(axis=1)]


def write_answers(path: Path, answers: Answers) -> None:
    """Write them as strict JSON."""
    write_whole(path, encode(answers))


def read_answers(path: Path) -> Answers:
    """Read them.

    Raises:
        PackageError: there are none, or the file is not valid.
    """
    next_step = "Let the script run again: pavedroad train."
    answers = read_document(path, Answers, "file of predictions", next_step=next_step, error=PackageError)
    chances = answers.probabilities
    if chances is not None and (
        len(chances) != len(answers.values) or any(len(row) != len(answers.labels) for row in chances)
    ):
        raise PackageError("The predictions and their chances do not fit together.", where=path)
    return answers


def recall(answers: Answers, rows: "pd.DataFrame", target: str) -> Predictions:
    """The predictions for rows, which must be exactly those they were given for.

    Raises:
        PackageError: they are for other rows.
    """
    import numpy as np

    if len(answers.values) != len(rows) or answers.rows != name_rows(rows, target):
        raise PackageError(
            "These predictions are for other rows, and there is no model to ask about these.",
            next_step="Let the script predict again: pavedroad train.",
        )
    chances = None if answers.probabilities is None else np.asarray(answers.probabilities, dtype="float64")
    values = np.asarray(answers.values, dtype=None if answers.labels else "float64")
    return Predictions(values=values, probabilities=chances, labels=tuple(answers.labels))
