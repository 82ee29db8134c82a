"""How the model is trained. This is a start that works for most tables: make it yours."""

from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.compose import ColumnTransformer
#% if cookiecutter.problem == "regression"
from sklearn.ensemble import RandomForestRegressor
#% else
from sklearn.ensemble import RandomForestClassifier
#% endif
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

MOST_CATEGORIES = 30
"""Distinct texts that a column keeps; rarer ones are one category together with what training never saw."""


def train(X: pd.DataFrame, y: pd.Series, params: dict[str, Any]) -> Pipeline:
    """Fit a random forest to the training rows, with gaps filled and text encoded.

    Args:
        X: what ``features`` returned for the training rows.
        y: the target of those rows.
        params: the section ``train`` of params.yaml. Keep ``random_state`` there, so that training twice
            gives the same model.

    Returns:
        Any object with ``predict`` (and ``predict_proba`` to predict classes). It is kept with skops, which
        holds data only, never code.
    """
    numbers = [name for name in X if is_numeric_dtype(X[name])]
    texts = [name for name in X if name not in numbers]
    # A column of gaps alone is kept too, so that the model always sees the columns that you gave it.
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    encode = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False
    )
    prepare = ColumnTransformer([("numbers", fill, numbers), ("texts", encode, texts)])
    settings = dict(params)
    trees = settings.pop("trees")
#% if cookiecutter.problem == "regression"
    forest = RandomForestRegressor(n_estimators=trees, **settings)
#% else
    forest = RandomForestClassifier(n_estimators=trees, **settings)
#% endif
    return make_pipeline(prepare, forest).fit(X, y)
