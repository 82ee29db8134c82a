"""What a model gives is held to its signature."""

import numpy as np
import pandas as pd
import pytest

from pavedroad.errors import DataError, UserCodeError
from pavedroad.foundation.data.profile import profile_table
from pavedroad.foundation.package.model import Signature, name_file, predict, require_known_classes, write_signature
from pavedroad.report import decode, encode

FEATURES = pd.DataFrame({"x": [1.0, 2.0, 3.0]})


def signature(problem="regression", labels=()):
    return Signature(problem=problem, target="y", labels=list(labels), inputs=[], features=["x"])


class Model:
    """A model that gives what it is told to."""

    def __init__(self, values, shares=None):
        self.values, self.shares = values, shares

    def predict(self, _):
        if isinstance(self.values, Exception):
            raise self.values
        return self.values

    def predict_proba(self, _):
        if isinstance(self.shares, Exception):
            raise self.shares
        return self.shares


def test_numbers_come_as_floats():
    found = predict(Model([1, 2, 3]), FEATURES, signature(), "value")
    assert found.values.dtype == np.float64
    assert found.values.tolist() == [1.0, 2.0, 3.0]


def test_classes_come_with_their_probabilities_where_the_metric_needs_them():
    shares = [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]
    model = Model(["no", "yes", "no"], shares)
    found = predict(model, FEATURES, signature("binary", ["no", "yes"]), "probability")
    assert found.probabilities.tolist() == shares
    assert found.labels == ("no", "yes")
    assert predict(model, FEATURES, signature("binary", ["no", "yes"]), "label").probabilities is None


BROKEN = {
    "raises": (ValueError("bad\nrow"), "predict failed: ValueError: bad row."),
    "too few": ([1.0, 2.0], "shape (2,) for 3 rows"),
    "a table": (np.ones((3, 1)), "shape (3, 1) for 3 rows"),
    "one number": (1.0, "shape () for 3 rows"),
    "nothing": (None, "shape () for 3 rows"),
    "text": (["a", "b", "c"], "not numbers"),
    "numbers as text": (["1", "2", "3"], "not numbers"),
    "yes and no": ([True, False, True], "values of type bool"),
    "NaN": ([1.0, np.nan, 3.0], "1 of 3 predictions are not finite"),
    "infinity": ([np.inf, -np.inf, 3.0], "2 of 3 predictions are not finite"),
    "complex numbers": ([1j, 1.0, 1.0], "complex"),
    "things": ([{}, {}, {}], "not numbers"),
}


@pytest.mark.parametrize(("values", "why"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_prediction_of_a_number_is_refused(values, why):
    with pytest.raises(UserCodeError) as caught:
        predict(Model(values), FEATURES, signature(), "value")
    assert why in caught.value.what


STRANGE = {
    "another class": (["no", "maybe", "no"], 1, "maybe"),
    "numbers": ([0, 1, 0], 3, "0"),
    "nothing": (["no", None, "no"], 1, "None"),
    "NaN": ([np.nan, np.nan, np.nan], 3, "nan"),
    "things": ([{}, {}, {}], 3, "{}"),
}


@pytest.mark.parametrize(("values", "rows", "name"), STRANGE.values(), ids=STRANGE)
def test_a_class_that_training_never_saw_is_refused(values, rows, name):
    with pytest.raises(UserCodeError) as caught:
        predict(Model(values), FEATURES, signature("binary", ["no", "yes"]), "label")
    said = f"{rows} of 3 predictions are of a class that training never saw, for example {name!r}."
    assert caught.value.what == said


def test_classes_are_those_of_the_target_whatever_type_the_model_gives_them():
    found = predict(Model(["1", "0", "1"]), FEATURES, signature("binary", [0, 1]), "label")
    assert found.values.tolist() == [1, 0, 1]


SHARES = {
    "raise": (AttributeError("no"), "predict_proba failed: AttributeError: no."),
    "too few columns": ([[1.0]] * 3, "shape (3, 1); expected (3, 2)"),
    "too few rows": ([[0.5, 0.5]], "shape (1, 2); expected (3, 2)"),
    "do not add up": ([[0.5, 0.6]] * 3, "add up to 1"),
    "below zero": ([[-0.5, 1.5]] * 3, "add up to 1"),
    "NaN": ([[np.nan, 1.0]] * 3, "finite"),
    "text": ([["a", "b"]] * 3, "probabilities of type <U1, not numbers"),
}


@pytest.mark.parametrize(("shares", "why"), SHARES.values(), ids=SHARES)
def test_what_is_no_probability_is_refused(shares, why):
    with pytest.raises(UserCodeError) as caught:
        predict(Model(["no"] * 3, shares), FEATURES, signature("binary", ["no", "yes"]), "probability")
    assert why in caught.value.what


# --- classes --------------------------------------------------------------------------------------------------------


def test_rows_of_a_class_without_training_rows_are_refused():
    with pytest.raises(DataError, match=r"2 of 3 held-out rows .* 'new'"):
        require_known_classes(pd.Series(["a", "new", "new"]), signature("multiclass", ["a", "b"]))


@pytest.mark.parametrize(
    ("target", "labels"), [(["a", "b"], ["a", "b", "c"]), ([0, 1], [0, 1]), ([True, False], [False, True])], ids=str
)
def test_rows_of_known_classes_are_fine_and_the_one_beside_them_is_named(target, labels):
    require_known_classes(pd.Series(target), signature("multiclass", labels))
    with pytest.raises(DataError) as caught:
        require_known_classes(pd.Series([*target, "new"], dtype=object), signature("multiclass", labels))
    assert caught.value.what.startswith("1 of 3 held-out rows ")
    assert caught.value.what.endswith(" for example 'new'.")


def test_numbers_have_no_classes():
    numbers = pd.Series([1.5, 2.5])
    require_known_classes(numbers, signature())
    with pytest.raises(DataError, match="2 of 2 held-out rows"):
        require_known_classes(numbers, signature("multiclass", ["a"]))


# --- the signature --------------------------------------------------------------------------------------------------


def test_a_signature_names_what_goes_in_as_training_saw_it():
    table = pd.DataFrame(
        {
            "rain": [0.5, None, 2.5],
            "shop": ["north", "south", "north"],
            "open": [True, False, True],
            "day": pd.to_datetime(["2012-01-01", "2012-01-02", "2012-01-03"]),
            "y": [1, 2, 3],
        }
    )
    made = write_signature(profile_table(table), "regression", "y", (), ["x"])
    columns = {column.name: column for column in made.inputs}
    assert list(columns) == ["rain", "shop", "open", "day"]
    assert (columns["rain"].low, columns["rain"].high, columns["rain"].nullable) == (0.5, 2.5, True)
    assert (columns["shop"].categories, columns["shop"].nullable) == (["north", "south"], False)
    day = columns["day"]
    assert (day.kind, day.nullable, day.timezone) == ("time", False, "")
    assert (day.earliest, day.latest) == ("2012-01-01T00:00:00", "2012-01-03T00:00:00")


@pytest.mark.parametrize(
    ("zone", "earliest", "latest"),
    [
        ("Europe/Berlin", "2012-07-01T02:00:00+02:00", "2012-12-01T13:30:00.250000+01:00"),
        ("UTC", "2012-07-01T00:00:00+00:00", "2012-12-01T12:30:00.250000+00:00"),
    ],
)
def test_a_signature_knows_the_range_and_the_zone_of_times(zone, earliest, latest):
    times = pd.to_datetime(["2012-07-01 00:00", None, "2012-12-01 12:30:00.25"], format="mixed").tz_localize("UTC")
    table = pd.DataFrame({"at": times.tz_convert(zone), "never": pd.to_datetime([None] * 3), "y": [1, 2, 3]})
    at, never = write_signature(profile_table(table), "regression", "y", (), ["x"]).inputs
    assert (at.earliest, at.latest, at.timezone, at.nullable) == (earliest, latest, zone, True)
    assert pd.Timestamp(at.earliest) == times[0]
    assert pd.Timestamp(at.latest) == times[2]
    assert (never.earliest, never.latest, never.timezone, never.nullable) == (None, None, "", True)


@pytest.mark.parametrize("labels", [(), (0, 1), ("no", "yes"), (False, True), (0.0, 1.0)], ids=str)
def test_a_signature_survives_being_written_and_read_with_the_type_of_its_classes(labels):
    import msgspec

    made = write_signature(profile_table(FEATURES.assign(y=1)), "binary", "y", labels, ["x"])
    found = msgspec.convert(decode(encode(made)), Signature)
    assert found == made
    assert [type(label) for label in found.labels] == [type(label) for label in labels]


def test_the_file_of_a_model_is_named_after_its_format():
    assert name_file("skops") == "model.skops"
