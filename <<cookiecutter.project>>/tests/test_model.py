"""Your promise about training: it learns what is there to learn, and twice the same."""

import numpy as np
import pandas as pd

from <<cookiecutter.__package>>.model import train

PARAMS = {"learning_rate": 0.1, "trees": 50, "random_state": 0}
RAIN = pd.DataFrame({"precipitation": np.tile([0.0, 5.0, 20.0], 60)})
SOLD = pd.Series(np.tile([5, 20, 40], 60))


def test_rain_sells_umbrellas():
    forecast = train(RAIN, SOLD, PARAMS).predict(pd.DataFrame({"precipitation": [0.0, 20.0]}))
    assert abs(forecast[0] - 5) < 3
    assert abs(forecast[1] - 40) < 3


def test_training_twice_gives_the_same_model():
    once, again = (train(RAIN, SOLD, PARAMS).predict(RAIN) for _ in range(2))
    assert (once == again).all()
