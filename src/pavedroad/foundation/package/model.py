"""A model as data: its file in a safe format, and the signature that says what goes in and what comes out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from pavedroad.errors import DataError, UserCodeError
from pavedroad.foundation.data.profile import Kind, Profile
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.evaluation.metrics import Needs, Predictions
from pavedroad.foundation.package.answers import ANSWERS
from pavedroad.foundation.package.claims import CLAIMED
from pavedroad.foundation.usercode.supervision import TooLongError, keep_process, keep_streams, limit_time
from pavedroad.report import Scalar
from pavedroad.settings import Model

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SIGNATURE = "signature.json"
PROFILE = "profile.json"
LONGEST_S = 604_800.0
"""Seconds that a model may take to predict when nobody says less: a week."""
NO_MODEL = {
    "predictions": "The script gave predictions and no model ([model] predictions).",
    "metrics": "The script gave figures of its own and neither a model nor predictions ([model] metrics).",
}
"""What is said where something needs a model, by what the repo gives instead."""
TO_MEASURE = (
    "Let the script also write its predictions for the held-out rows, whose file PAVEDROAD_HOLDOUT names: "
    'predictions = "out/predictions.csv" in [model]; or its model: artifact = "out/model.skops".'
)
"""What a script has to do that gives nothing to measure."""


class ModelFormat(Protocol):
    """An engine that keeps a model in a file without executing anything on the way back."""

    def save(self, model: object, path: Path, trusted: list[str]) -> None:
        """Write the model; raise PackageError when it holds a type that could not be loaded again."""
        ...

    def load(self, path: Path, trusted: list[str]) -> Any:  # noqa: ANN401
        """Read the model; raise PackageError for a damaged file or a type that is not trusted."""
        ...


class InputColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One column that goes in: its type, whether it may be empty, and the range or categories seen in training."""

    name: str
    kind: Kind
    dtype: str
    nullable: bool
    low: float | None = None
    high: float | None = None
    earliest: str | None = None
    """Of a column of times: the first that training saw, in ISO 8601, with its offset where the column has a zone."""
    latest: str | None = None
    timezone: str = ""
    """The zone of a column of times, such as ``UTC`` or ``Europe/Berlin``; empty: none."""
    categories: list[str] = []


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model takes and gives."""

    problem: str
    target: str
    labels: list[Scalar]
    inputs: list[InputColumn]
    """The columns of the raw table, before ``features``."""
    features: list[str]
    """The columns that ``features`` makes of them, in the order the model was trained on."""


def name_file(model_format: str) -> str:
    """The name of the file that holds a model of this format, for example ``model.skops``."""
    return f"model.{model_format}"


def name_kept(settings: Model) -> str:
    """The name of the file that training leaves: a model's, or what the repo gives where it gives no model."""
    return {"predictions": ANSWERS, "metrics": CLAIMED}.get(settings.gives) or name_file(settings.format)


def load_format(name: str) -> ModelFormat:
    """Find the model format called ``name``."""
    return cast("ModelFormat", load_engine("model", name))


def write_signature(
    profile: Profile, problem: str, target: str, labels: tuple[object, ...], features: list[str]
) -> Signature:
    """Derive the signature from the profile of the training rows."""
    return Signature(
        problem=problem,
        target=target,
        labels=[cast("Scalar", label) for label in labels],
        inputs=[
            InputColumn(
                name=column.name,
                kind=column.kind,
                dtype=column.dtype,
                nullable=column.nulls > 0,
                low=column.quantiles[0] if column.quantiles else None,
                high=column.quantiles[-1] if column.quantiles else None,
                earliest=_write_time(column.earliest),
                latest=_write_time(column.latest),
                timezone=_read_zone(column.dtype) if column.kind == "time" else "",
                categories=sorted(column.categories),
            )
            for column in profile.columns
            if column.name != target
        ],
        features=features,
    )


def _write_time(text: str | None) -> str | None:
    """A time as pandas writes it, in ISO 8601."""
    return text if text is None else text.replace(" ", "T", 1)


def _read_zone(dtype: str) -> str:
    """The zone in the name of a type, for example ``datetime64[ns, Europe/Berlin]``."""
    return dtype.partition(",")[2].removesuffix("]").strip()


def require_known_classes(target: "pd.Series", signature: Signature) -> None:
    """Refuse rows of a class that training never saw: no model can predict it, and most metrics have no value with it.

    Raises:
        DataError: with how many rows there are, and the first such class.
    """
    strange = target.iloc[:0] if signature.problem == "regression" else target[~target.isin(signature.labels)]
    if len(strange):
        raise DataError(
            f"{len(strange):,} of {len(target):,} held-out rows are of a class that no training row has, for example "
            f"{strange.iloc[0]!r}.",
            next_step='Add rows of it to the data, or keep classes together: split = "stratified" in [data].',
        )


def predict(
    model: Any,  # noqa: ANN401
    features: "pd.DataFrame",
    signature: Signature,
    needs: Needs,
    *,
    seconds: float = LONGEST_S,
) -> Predictions:
    """Ask a model for its predictions and hold them to the signature.

    Args:
        model: what has ``predict`` and, where chances are needed, ``predict_proba``; it may be the repo's own code.
        features: the rows.
        signature: what the model takes and gives.
        needs: what to ask for.
        seconds: how long each of the two may take.

    Raises:
        UserCodeError: the model raised or took too long, or gave the wrong number of predictions, or values that are no
            predictions.
    """
    import numpy as np
    import pandas as pd

    rows = len(features)
    values = _ask(model, "predict", features, seconds)
    if values.shape != (rows,):
        raise UserCodeError(f"The model gave predictions of shape {values.shape} for {rows:,} rows.")
    if signature.problem == "regression":
        if values.dtype.kind not in "fiu":
            raise UserCodeError(f"The model predicts values of type {values.dtype}, not numbers.")
        values = values.astype("float64")
        wrong = int((~np.isfinite(values)).sum())
        if wrong:
            raise UserCodeError(f"{wrong:,} of {rows:,} predictions are not finite numbers.")
        return Predictions(values=values)
    labels = tuple(signature.labels)
    known = {str(label): position for position, label in enumerate(labels)}
    plain = np.array(list(map(str, values.tolist())), dtype=object) if values.dtype.kind == "O" else values
    codes, found = pd.factorize(plain, use_na_sentinel=False)
    positions = np.array([known.get(str(value), -1) for value in found.tolist()], dtype="int64")[codes]
    strange = positions < 0
    if strange.any():
        raise UserCodeError(
            f"{int(strange.sum()):,} of {rows:,} predictions are of a class that training never saw, for example "
            f"{str(values[strange][0])!r}."
        )
    values = np.array(labels)[positions]
    probabilities = _ask_probabilities(model, features, signature, seconds) if needs == "probability" else None
    return Predictions(values=values, probabilities=probabilities, labels=labels)


def _ask(model: Any, what: str, features: "pd.DataFrame", seconds: float) -> "np.ndarray":  # noqa: ANN401
    import numpy as np

    try:
        with keep_process(), keep_streams(), limit_time(seconds):
            return np.asarray(getattr(model, what)(features))
    except KeyboardInterrupt:
        raise
    except TooLongError as error:
        raise UserCodeError(
            f"The model's {what} took longer than {seconds:,} seconds for {len(features):,} rows.",
            next_step="Raise model.timeout in pavedroad.toml if it may take so long.",
        ) from error
    except BaseException as error:
        raise UserCodeError(f"The model's {what} failed: {type(error).__name__}: {_short(error)}.") from error


def _ask_probabilities(
    model: Any,  # noqa: ANN401
    features: "pd.DataFrame",
    signature: Signature,
    seconds: float,
) -> "np.ndarray":
    import numpy as np

    given = _ask(model, "predict_proba", features, seconds)
    if given.dtype.kind not in "fiu":
        raise UserCodeError(f"The model gave probabilities of type {given.dtype}, not numbers.")
    expected = (len(features), len(signature.labels))
    if given.shape != expected:
        raise UserCodeError(f"The model gave probabilities of shape {given.shape}; expected {expected}.")
    if not np.isfinite(given).all() or (given < 0).any() or not np.allclose(given.sum(axis=1), 1, atol=1e-6):
        raise UserCodeError("The model's probabilities are not finite numbers from 0 to 1 that add up to 1.")
    return given


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
