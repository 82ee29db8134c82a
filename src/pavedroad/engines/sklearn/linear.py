"""scikit-learn's linear models behind ``foundation.evaluation.rival``: the plainest that look at every feature."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MOST_LEVELS = 30


def fit_linear(features: pd.DataFrame, target: pd.Series, problem: str) -> Callable[[pd.DataFrame], np.ndarray]:
    """Fit least squares, or a logistic regression, to scaled numbers and to categories as columns of 0 and 1."""
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    names = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_LEVELS, sparse_output=False)
    prepare = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (names, make_column_selector(dtype_exclude="number")),
    )
    learn: Any = LinearRegression() if problem == "regression" else LogisticRegression(max_iter=1000)
    model = make_pipeline(prepare, learn)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a baseline that has not quite converged is one all the same
        model.fit(_to_plain(features), target)

    def answer(rows: pd.DataFrame) -> np.ndarray:
        plain = _to_plain(rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = model.predict(plain) if problem == "regression" else model.predict_proba(plain)
        return np.asarray(given, dtype="float64")

    return answer


def _to_plain(features: pd.DataFrame) -> pd.DataFrame:
    """Numbers as floats, truth values as 0 and 1, infinities as gaps, times as days, all else as text."""
    made: dict[str, Any] = {}
    for name in features.columns:
        column = features[name]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            made[name] = (column - pd.Timestamp(0, tz=getattr(column.dtype, "tz", None))) / pd.Timedelta(days=1)
        elif pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            numbers = column.to_numpy(dtype="float64", na_value=np.nan)
            made[name] = pd.Series(np.where(np.isfinite(numbers), numbers, np.nan), index=column.index)
        else:
            made[name] = column.astype(object).where(column.notna(), "(empty)").astype(str)
    return pd.DataFrame(made, index=features.index)
