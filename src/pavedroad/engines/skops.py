"""skops behind ``foundation.model``: models without pickle, from an allow-list of types, with reproducible bytes."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from skops.io import dumps, get_untrusted_types, loads
from skops.io.exceptions import UntrustedTypesFoundException

from pavedroad.errors import PackageError
from pavedroad.report import write_whole

TRUSTED = (
    # Parts of scikit-learn's and NumPy's own estimators that skops does not list as safe by default. Each only holds
    # numbers; none runs anything when it is made.
    "numpy.dtype",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.AbsoluteError",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfGammaLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss.loss.PinballLoss",
    "sklearn._loss._loss.CyAbsoluteError",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfGammaLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfPoissonLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn._loss._loss.CyPinballLoss",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def save(model: object, path: Path, trusted: list[str]) -> None:
    """Write a model so that the same model gives the same bytes.

    Raises:
        PackageError: the model holds something skops cannot keep, or a type that is not trusted.
    """
    try:
        content = _make_reproducible(dumps(model))
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise PackageError(
            f"The model cannot be kept in the skops format: {type(error).__name__}: {reason}.",
            next_step="Return a scikit-learn estimator or pipeline made of named functions, without lambdas.",
        ) from error
    _refuse_untrusted(content, trusted, path)
    write_whole(path, content)


def load(path: Path, trusted: list[str]) -> Any:  # noqa: ANN401
    """Read a model, refusing every type that is neither skops' nor on the allow-list; nothing else is ever tried.

    Raises:
        PackageError: the file is damaged or holds a type that is not trusted.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackageError(f"The model cannot be read: {error.strerror}.", where=path) from error
    _refuse_untrusted(content, trusted, path)
    try:
        return loads(content, trusted=[*TRUSTED, *trusted])
    except UntrustedTypesFoundException as error:
        raise PackageError(f"The model file is not trusted: {error}.", where=path) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise PackageError(f"The model file is damaged: {type(error).__name__}: {reason}.", where=path) from error


def _refuse_untrusted(content: bytes, trusted: list[str], path: Path) -> None:
    try:
        found = get_untrusted_types(data=content)
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise PackageError(f"The model file is damaged: {type(error).__name__}: {reason}.", where=path) from error
    strange = sorted(set(found) - {*TRUSTED, *trusted})
    if strange:
        raise PackageError(
            f"The model holds types that are not trusted: {', '.join(strange[:5])}.",
            where=path,
            next_step="If you know and trust them, add their names to model.trusted in pavedroad.toml.",
        )


def _make_reproducible(content: bytes) -> bytes:
    """Take the memory addresses and the time of day out of a skops file.

    skops names objects by their address in memory, in the schema and in file names, and zip entries carry the clock.
    Here the addresses become 1, 2, 3 … in the order of their first mention.
    """
    source = zipfile.ZipFile(io.BytesIO(content))
    schema = json.loads(source.read("schema.json"))
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, list):
            return [renumber(item) for item in node]
        if not isinstance(node, dict):
            return node
        renewed = {key: renumber(value) for key, value in node.items()}
        address = node.get("__id__")
        if isinstance(address, int):
            renewed["__id__"] = numbers.setdefault(address, len(numbers) + 1)
        name = node.get("file")
        if isinstance(name, str) and name in names:
            renewed["file"] = files.setdefault(name, f"{len(files) + 1}{Path(name).suffix}")
        return renewed

    names = set(source.namelist())
    schema = renumber(schema)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), source.read(old), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema, indent=2), zipfile.ZIP_DEFLATED)
    return target.getvalue()
