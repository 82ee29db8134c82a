"""Your promise about training: it learns what is there to learn, and twice the same."""

import numpy as np
import pandas as pd

from <<cookiecutter.__package>>.model import train

PARAMS = {"trees": 20, "min_samples_leaf": 2, "random_state": 0}
#% if cookiecutter.problem == "regression"
Y = pd.Series(np.tile([0.0, 100.0, 0.0], 40))
#% else
Y = pd.Series(np.tile(["small", "large", "small"], 40))
#% endif
X = pd.DataFrame({"size": np.tile([1.0, 10.0, np.nan], 40), "kind": np.tile(["a", "b", None], 40)})


def test_what_is_plain_is_learned():
    said = train(X, Y, PARAMS).predict(X)
#% if cookiecutter.problem == "regression"
    assert np.abs(said - Y).max() < 10


#% else
    assert (said == Y).all()


#% endif
def test_a_text_that_training_never_saw_is_no_error():
    new = pd.DataFrame({"size": [5.0], "kind": ["new"]})
    assert len(train(X, Y, PARAMS).predict(new)) == 1


def test_training_twice_gives_the_same_model():
    once, again = (train(X, Y, PARAMS).predict(X) for _ in range(2))
    assert (once == again).all()
