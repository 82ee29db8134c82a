"""skops behind ``foundation.package.model``: models without pickle, an allow-list of types, reproducible bytes."""

import io
import zipfile
from pathlib import Path
from typing import Any

from pavedroad.engines.skops.archive import make_reproducible, require_plain_archive
from pavedroad.engines.skops.bounds import refuse_unsound
from pavedroad.engines.skops.importing import import_skops
from pavedroad.errors import PackageError
from pavedroad.foundation.text import join_some
from pavedroad.report import write_whole

TRUSTED = (
    # Parts of scikit-learn's and NumPy's own estimators that skops does not list as safe by default. Each only holds
    # numbers, or computes with numbers it is given; none runs anything when it is made. What could point outside its
    # own arrays is looked at in ``skops_bounds``.
    "numpy.dtype",
    "numpy.mean",
    "scipy._external.array_api_compat.numpy._aliases.asarray",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    "scipy.interpolate._bsplines._BSpline",
    "scipy.sparse._csc.csc_matrix",
    "scipy.sparse._csr.csr_matrix",
    *(
        f"sklearn._loss.link.{name}"
        for name in ("HalfLogitLink", "IdentityLink", "Interval", "LogLink", "LogitLink", "MultinomialLogit")
    ),
    *(
        f"sklearn._loss.{module}{name}"
        for module in ("loss.", "_loss.Cy")
        for name in (
            "AbsoluteError",
            "ExponentialLoss",
            "HalfBinomialLoss",
            "HalfGammaLoss",
            "HalfMultinomialLoss",
            "HalfPoissonLoss",
            "HalfSquaredError",
            "HalfTweedieLoss",
            "HalfTweedieLossIdentity",
            "HuberLoss",
            "PinballLoss",
        )
    ),
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.cluster._bisect_k_means._BisectingTree",
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    *(
        f"sklearn.feature_selection._univariate_selection.{name}"
        for name in ("chi2", "f_classif", "f_regression", "r_regression")
    ),
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    *(
        f"sklearn.gaussian_process.kernels.{name}"
        for name in (
            "CompoundKernel",
            "ConstantKernel",
            "DotProduct",
            "ExpSineSquared",
            "Exponentiation",
            "Matern",
            "Product",
            "RBF",
            "RationalQuadratic",
            "Sum",
            "WhiteKernel",
        )
    ),
    *(
        f"sklearn.metrics._dist_metrics.{name}Distance64"
        for name in ("Chebyshev", "Euclidean", "Hamming", "Haversine", "Manhattan", "Minkowski", "SEuclidean")
    ),
    "sklearn.metrics._classification.balanced_accuracy_score",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    *(
        f"sklearn.model_selection._split.{name}"
        for name in ("GroupKFold", "KFold", "RepeatedKFold", "ShuffleSplit", "StratifiedKFold", "TimeSeriesSplit")
    ),
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)


def save(model: object, path: Path, trusted: list[str]) -> None:
    """Write a model so that the same model gives the same bytes.

    Raises:
        PackageError: the model holds something skops cannot keep, or a type that is not trusted.
    """
    try:
        content = make_reproducible(import_skops().dumps(model))
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
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise PackageError(
            "This is no skops file, or a damaged one; a pickle is never loaded.",
            where=path,
            next_step="Write the model with: skops.io.dump(model, path), instead of pickle, joblib or cloudpickle.",
        )
    skops = import_skops()
    try:
        require_plain_archive(content)
        model = skops.loads(content, trusted=[*TRUSTED, *trusted])
        refuse_unsound(model)
    except skops.exceptions.UntrustedTypesFoundException as error:
        _refuse_untrusted(content, trusted, path)
        raise _call_damaged(error, path) from error
    except Exception as error:
        raise _call_damaged(error, path) from error
    return model


def _call_damaged(error: Exception, path: Path) -> PackageError:
    reason = " ".join(str(error).split())[:300].rstrip(".")
    return PackageError(f"The model file is damaged: {type(error).__name__}: {reason}.", where=path)


def _refuse_untrusted(content: bytes, trusted: list[str], path: Path) -> None:
    try:
        found = import_skops().get_untrusted_types(data=content)
    except Exception as error:
        raise _call_damaged(error, path) from error
    strange = sorted(set(found) - {*TRUSTED, *trusted})
    if strange:
        raise PackageError(
            f"The model holds types that are not trusted: {join_some(strange, 5)}.",
            where=path,
            next_step="If you know and trust them, add their names to model.trusted in pavedroad.toml.",
        )
