"""Looking for leaks: what training knows only because the answer, or the rows it is judged on, got into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pavedroad.errors import UserCodeError
from pavedroad.foundation.data.profile import hold_same, kind_of
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.report import Check, Scalar, Severity, judge
from pavedroad.settings import Data, Objective

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    MakeFeatures = Callable[[pd.DataFrame], pd.DataFrame]

TWINS = 0.01
"""The share of held-out rows that may also stand in training before it is told."""
ALMOST_PERFECT = 0.99
"""The share of the target that one feature may explain before it is taken for the target in disguise."""
SAMPLE = 20_000
"""Rows that a feature's power is judged on."""
BINS = 50
ALONE = 5
"""Rows whose features are made one by one."""
_TRIED = 20
_LOOKED_AT = 2_000
_SHOWN = 10


@dataclass(frozen=True)
class Suspect:
    """What leaks are looked for in: the table, its training rows with their features, and its rows that have twins."""

    table: TrainingTable
    training: "pd.DataFrame"
    twins: "Twins"
    features: "pd.DataFrame"
    make_features: "MakeFeatures"
    data: Data
    objective: Objective


class Twins:
    """Held-out rows that training has too, found while the columns of the table go by one after another.

    A row is known by a hash of its values. Rows whose hash stands on one side alone are given up early, so that of most
    tables only the first columns are hashed.

    Args:
        split: which rows are on which side.
        aside: columns that do not count, because they name a row.
    """

    def __init__(self, split: Split, aside: Iterable[str]) -> None:
        import numpy as np

        self._aside = set(aside)
        self._rows = np.concatenate([split.train, split.holdout])
        self._held = np.arange(len(self._rows)) >= len(split.train)
        self._hashes = np.zeros(len(self._rows), dtype="uint64")
        self._seen = 0

    def see(self, name: str, column: "pd.Series") -> None:
        """Take a column of the whole table into account."""
        import numpy as np
        from pandas.util import hash_pandas_object

        if name in self._aside or not len(self._rows):
            return
        hashes = hash_pandas_object(column.iloc[self._rows], index=False).to_numpy()
        self._hashes = (self._hashes ^ hashes) * np.uint64(1_000_003)
        self._seen += 1
        if self._seen & (self._seen - 1) == 0:  # after 1, 2, 4, 8 … columns
            self._narrow()

    def count(self) -> int:
        """How many held-out rows stand in training as well, when all columns have been seen."""
        self._narrow()
        return int(self._held.sum())

    def _narrow(self) -> None:
        import pandas as pd

        hashes = pd.Series(self._hashes)
        held = hashes[self._held][lambda found: found.isin(hashes[~self._held])]
        both = hashes.isin(held).to_numpy()
        self._rows, self._held, self._hashes = self._rows[both], self._held[both], self._hashes[both]


def find_leaks(suspect: Suspect) -> list[Check]:
    """One check for each way that an answer can leak; a finding warns or fails, as ``data.leakage`` says."""
    return [
        _check_twins(suspect),
        _check_single_features(suspect),
        _check_columns(suspect),
        _check_statistics(suspect),
        _check_row_by_row(suspect),
    ]


def _report(
    suspect: Suspect, name: str, title: str, found: list[str], reason: str, evidence: dict[str, Scalar] | None = None
) -> Check:
    severity = Severity.CRITICAL if suspect.data.leakage == "fail" else Severity.WARNING
    return judge(
        f"train.leakage.{name}",
        title,
        ok=not found,
        severity=severity,
        observed=", ".join(found[:_SHOWN]) if found else "none found",
        expected="none",
        reason=reason if found else "",
        evidence=dict(evidence or {}),
    )


def _check_twins(suspect: Suspect) -> Check:
    """Rows of the holdout that training has too, keys aside: the model may have learned them by heart."""
    twins, rows = suspect.twins.count(), len(suspect.table.split.holdout)
    found = [f"{twins:,} of {rows:,} held-out rows"] if twins > TWINS * rows else []
    return _report(
        suspect,
        "rows",
        "The rows to judge on are not among those to learn from",
        found,
        f"{twins:,} of {rows:,} held-out rows stand in training as well, target included. Remove the copies, or name "
        "what they belong to in data.group.",
        {"rows": rows, "twins": twins},
    )


def _check_single_features(suspect: Suspect) -> Check:
    """A feature that alone tells the target is, more often than not, made of it or known only after it."""
    import numpy as np

    target = suspect.training[suspect.objective.target].to_numpy()
    shown = np.unique(np.linspace(0, len(target) - 1, min(SAMPLE, len(target))).astype(int))
    powers = {
        name: measure_power(suspect.features[name].iloc[shown], target[shown], suspect.objective.problem)
        for name in suspect.features.columns
    }
    found = [name for name, power in powers.items() if power >= ALMOST_PERFECT]
    return _report(
        suspect,
        "alone",
        "No single feature tells the target",
        found,
        f"{_list(found)} alone explains more than {ALMOST_PERFECT:.0%} of the target. Ask whether it is known when a "
        "prediction is needed; if not, leave it out of the features.",
        {name: round(powers[name], 6) for name in found[:_SHOWN]},
    )


def measure_power(feature: "pd.Series", target: "np.ndarray", problem: str) -> float:
    """How much of the target a feature tells by itself, from 0 to 1, on rows that it was not fitted to.

    For numbers it is the share of the variance that a line, or the means of up to 50 bins, explains; for classes the
    share of the errors, left by always saying the most frequent class, that the most frequent class of each bin avoids.
    Every other row is fitted, the rest is judged.
    """
    import numpy as np

    codes, numbers = _to_bins(feature)
    if len(target) < 4 or len(np.unique(codes)) < 2:
        return 0.0
    fitted, judged = np.arange(0, len(target), 2), np.arange(1, len(target), 2)
    if problem != "regression":
        classes, answers = np.unique(target, return_inverse=True)
        counts = np.zeros((codes.max() + 1, len(classes)))
        np.add.at(counts, (codes[fitted], answers[fitted]), 1)
        counts += counts.sum(axis=0) / counts.sum() * 1e-6  # a bin that was not seen says what is most frequent
        wrong = float((counts.argmax(axis=1)[codes[judged]] != answers[judged]).mean())
        usual = float((np.bincount(answers[fitted], minlength=len(classes)).argmax() != answers[judged]).mean())
        return max(0.0, 1 - wrong / usual) if usual else 0.0
    answers = target.astype("float64")
    spread = float(np.square(answers[judged] - answers[fitted].mean()).mean())
    if not spread:
        return 0.0
    sums, rows = (np.bincount(codes[fitted], weights, minlength=codes.max() + 1) for weights in (answers[fitted], None))
    means = np.divide(sums, rows, out=np.full(len(sums), answers[fitted].mean()), where=rows > 0)
    left = [float(np.square(answers[judged] - means[codes[judged]]).mean())]
    if numbers is not None and np.ptp(numbers[fitted]):
        slope, level = np.polyfit(numbers[fitted], answers[fitted], 1)
        left.append(float(np.square(answers[judged] - slope * numbers[judged] - level).mean()))
    return max(0.0, 1 - min(left) / spread)


def _to_bins(feature: "pd.Series") -> "tuple[np.ndarray, np.ndarray | None]":
    """The bin of each row, and the numbers when all are finite ones that a line could be drawn through."""
    import numpy as np
    import pandas as pd

    if kind_of(feature) in {"number", "time"}:
        values = feature.astype("int64") if kind_of(feature) == "time" and feature.notna().all() else feature
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        finite = np.isfinite(numbers)
        if not finite.any():
            return np.zeros(len(numbers), dtype=int), None
        if len(np.unique(numbers[finite])) > BINS:
            edges = np.unique(np.quantile(numbers[finite], np.linspace(0, 1, BINS + 1)[1:-1]))
            codes = np.searchsorted(edges, numbers, side="right")
        else:
            codes = np.unique(numbers, return_inverse=True)[1]
        return np.where(finite, codes, codes.max() + 1), numbers if finite.all() else None
    return np.unique(feature.astype(str).to_numpy(), return_inverse=True)[1], None


def _check_columns(suspect: Suspect) -> Check:
    """Columns that name a row, or tell of a time after it, move the features though they must not."""
    keys = [name for name in suspect.data.keys if name != suspect.data.time]
    later = _find_later(suspect)
    used = [name for name in (*keys, *later) if _is_used(suspect, name)]
    words = [f"{name!r} {'comes after the row' if name in later else 'is a key'}" for name in used]
    return _report(
        suspect,
        "columns",
        "Neither keys nor times after a row are among its features",
        words,
        f"The features depend on what they must not know: {_list(words)}. Leave it out of the features.",
    )


def _find_later(suspect: Suspect) -> list[str]:
    """The columns of times that lie after the row's own time in more than a hundredth of the rows."""
    data = suspect.data
    if not data.time or kind_of(suspect.training[data.time]) != "time":
        return []
    moment = suspect.table.read_column(data.time)
    found = []
    for name in suspect.table.names:
        if name in {data.time, suspect.objective.target} or kind_of(suspect.training[name]) != "time":
            continue
        other = suspect.table.read_column(name)
        aware = [getattr(column.dtype, "tz", None) is not None for column in (other, moment)]
        if aware[0] == aware[1] and float((other > moment).mean()) > TWINS:
            found.append(name)
    return found


def _is_used(suspect: Suspect, column: str) -> bool:
    """Whether features change when the values of a column change places; a function that then fails used it too."""
    rows = suspect.training.head(_TRIED)
    moved = rows.copy()
    moved[column] = rows[column].to_numpy()[::-1]
    if moved[column].equals(rows[column]):
        return False
    try:
        return not suspect.make_features(moved).equals(suspect.make_features(rows))
    except UserCodeError:
        return True


def _check_statistics(suspect: Suspect) -> Check:
    """A column whose every value is the mean of the target over the rows that have it, the holdout's included."""
    import numpy as np

    answers = _to_numbers(suspect)
    found: list[str] = []
    shown = np.linspace(0, len(suspect.training) - 1, min(_LOOKED_AT, len(suspect.training))).astype(int)
    for name in suspect.table.names if answers is not None else ():
        some = suspect.training[name].iloc[shown]
        if name == suspect.objective.target or some.dtype.kind != "f" or some.nunique() == len(shown):
            continue  # a column of averages repeats itself; to read and sort all of a large one takes long
        column = suspect.table.read_column(name)
        if column.isna().any() or answers is None:
            continue
        values, codes, counts = np.unique(column.to_numpy(), return_inverse=True, return_counts=True)
        if 2 * len(values) > len(column) or counts.min() < 2:
            continue
        means = np.bincount(codes, answers) / counts
        held = codes[suspect.table.split.holdout]
        inside = np.isin(codes, held)  # a value that the holdout lacks tells nothing of it
        if inside.any() and np.abs(means - values)[np.unique(codes[inside])].max() <= 1e-6 * max(answers.std(), 1e-12):
            found.append(str(name))
    return _report(
        suspect,
        "statistics",
        "No column holds averages of the target that the holdout went into",
        found,
        f"Every value of {_list(found)} is the mean of the target over the rows that have it, the held-out ones "
        "included. Compute it from the training rows alone, inside the model.",
    )


def _to_numbers(suspect: Suspect) -> "np.ndarray | None":
    """The target as numbers: itself, or 1 for the second of two classes; None for more classes."""
    import numpy as np

    target = suspect.table.read_column(suspect.objective.target).to_numpy()
    if suspect.objective.problem == "regression":
        return np.asarray(target, dtype="float64")
    classes = np.unique(target)
    return (target == classes[1]).astype("float64") if len(classes) == 2 else None


def _check_row_by_row(suspect: Suspect) -> Check:
    """Features of a single row must be those it has among others, or the others' values, and their future, leak in."""
    import numpy as np

    rows = suspect.table.split.train
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(ALONE, len(rows))).astype(int))
    title = "The features of a row are the same alone as among others"
    for position in chosen:
        among = suspect.features.iloc[[position]].reset_index(drop=True)
        try:
            alone = suspect.make_features(suspect.training.iloc[[position]]).reset_index(drop=True)
        except UserCodeError as error:
            reason = f"They cannot be made of a single row, as a prediction needs: {error.what}"
            return _report(suspect, "row-by-row", title, ["not for a single row"], reason)
        moved = [name for name in among.columns if name not in alone.columns or not hold_same(among[name], alone[name])]
        if moved:
            reason = (
                f"{_list(moved)} of row {int(rows[position]) + 1:,} differs when the row comes alone, so it depends on "
                "other rows. Compute it from the row itself, or keep what it needs inside the model."
            )
            return _report(suspect, "row-by-row", title, moved, reason)
    return _report(suspect, "row-by-row", title, [], "")


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
