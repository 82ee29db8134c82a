"""How the model is trained."""

from typing import Any

import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor


def train(X: pd.DataFrame, y: pd.Series, params: dict[str, Any]) -> GradientBoostingRegressor:
    """Fit gradient-boosted trees to the training rows: each tree corrects what those before it got wrong.

    More trees learn more detail, and a lower learning rate makes each of them more cautious.

    Args:
        X: what ``features`` returned for the training rows.
        y: umbrellas sold on those days.
        params: the section ``train`` of params.yaml. Keep ``random_state`` there, so that training twice
            gives the same model.

    Returns:
        Any object with ``predict`` (and ``predict_proba`` to predict classes). It is kept with skops, which
        holds data only, never code.
    """
    settings = dict(params)
    model = GradientBoostingRegressor(n_estimators=settings.pop("trees"), **settings)
    return model.fit(X, y)
