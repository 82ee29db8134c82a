"""The repo's own functions: whatever they do wrong becomes an error that names their line."""

import gc
import sys

import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import UserCodeError
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import call, load_function, make_features
from pavedroad.foundation.usercode.supervision import SELDOM, USUAL

CONFIG = write_settings(
    model='features = "a_shop.features:features"\ntrain = "a_shop.model:train"',
)
TABLE = pd.DataFrame({"rain": [0.1, 0.2, 0.3], "sold": [1, 2, 3]}, index=[5, 6, 7])


@pytest.fixture
def project(world, monkeypatch):
    """A repo whose features function is given, in its own module; no other test sees it."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(features, **files):
        for name in [name for name in sys.modules if name.partition(".")[0] == "a_shop"]:
            monkeypatch.delitem(sys.modules, name)
        root = world({"src/a_shop/__init__.py": "", "src/a_shop/features.py": features, **files})
        return Project(root=root, config=parse_config(CONFIG))

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "a_shop"]:
        del sys.modules[name]


def refusal(project, table=TABLE, wanted=None):
    with pytest.raises(UserCodeError) as caught:
        make_features(project, table, wanted)
    return caught.value


GOOD = "def features(table):\n    return table[['rain']] * 2\n"


def test_features_come_row_by_row_with_the_index_of_their_rows(project):
    made = make_features(project(GOOD), TABLE)
    assert made["rain"].tolist() == [0.2, 0.4, 0.6]
    assert made.index.tolist() == [5, 6, 7]


ORDERS = {
    "sorted": "table.sort_values('rain', ascending=False)[['rain']]",
    "sorted and counted anew": "table.sort_values('rain')[['rain']].reset_index(drop=True)",
    "under names": "table[['rain']].set_axis(['x', 'y', 'z'])",
    "under several": "table[['rain']].set_axis([[2, 1, 0], ['x', 'y', 'z']])",
    "under numbers of its own": "table[['rain']].set_axis([9, 8, 7])",
}


@pytest.mark.parametrize("made", ORDERS.values(), ids=ORDERS)
def test_rows_that_a_function_moved_are_put_back_where_they_were(project, made):
    made = make_features(project(f"def features(table):\n    return {made}\n"), TABLE)
    assert made["rain"].tolist() == TABLE["rain"].tolist()
    assert made.index.tolist() == [5, 6, 7]


def test_the_function_never_sees_the_target_and_may_change_what_it_gets(project):
    features = "def features(table):\n    assert 'sold' not in table\n    table['rain'] = 0\n    return table\n"
    table = TABLE.copy()
    assert list(make_features(project(features), table)) == ["rain"]
    pd.testing.assert_frame_equal(table, TABLE)


def test_a_table_without_its_target_is_as_good(project):
    assert make_features(project(GOOD), TABLE.drop(columns="sold")).shape == (3, 1)


BROKEN = {
    "raises": ("def features(table):\n    x = 1\n    raise KeyError('gone')\n", 3, "KeyError: 'gone'"),
    "raises in a helper": (
        "def help():\n    return 1 / 0\ndef features(table):\n    return help()\n",
        2,
        "ZeroDivisionError: division by zero.",
    ),
    "raises inside pandas": ("def features(table):\n\n    return table['wind']\n", 3, "KeyError: 'wind'"),
    "leaves by the door": ("import sys\ndef features(table):\n    sys.exit(0)\n", 3, "SystemExit: 0"),
    "returns nothing": ("def features(table):\n    table\n", 1, "returned NoneType, not a pandas or Polars DataFrame"),
    "returns a column": ("def features(table):\n    return table['rain']\n", 1, "returned Series"),
    "returns an array": ("def features(table):\n    return table.to_numpy()\n", 1, "returned ndarray"),
    "drops rows": ("def features(table):\n    return table.head(2)\n", 1, "returned 2 rows for 3"),
    "adds rows": ("import pandas\ndef features(t):\n    return pandas.concat([t, t])\n", 2, "returned 6 rows for 3"),
    "returns no column": ("def features(table):\n    return table[[]]\n", 1, "returned no column"),
    "returns the target": ("def features(t):\n    return t.assign(sold=1)\n", 1, "returned the target 'sold'"),
    "returns a name twice": (
        "import pandas\ndef features(t):\n    return pandas.concat([t, t], axis=1)\n",
        2,
        "two columns of the same name",
    ),
    "names a column by a number": ("def features(t):\n    return t.rename(columns={'rain': 7})\n", 1, "column named 7"),
    "takes nothing": ("def features():\n    return 1\n", None, "TypeError"),
}


@pytest.mark.parametrize(("features", "line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_function_that_breaks_its_contract_is_blamed_with_its_line(project, features, line, why):
    error = refusal(project(features))
    assert why in error.what
    assert error.exit_code == 3
    if line is not None:
        assert (error.where, error.line) == ("src/a_shop/features.py", line)


IMPORTS = {
    "a syntax error": ("def features(table)\n    return table\n", 1, "SyntaxError"),
    "an error while it is imported": ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError"),
    "a package that is not installed": ("\nimport a_package_nobody_has\n", 2, "a_package_nobody_has"),
    "an exit while it is imported": ("raise SystemExit(0)\n", 1, "SystemExit"),
}


@pytest.mark.parametrize(("features", "line", "why"), IMPORTS.values(), ids=IMPORTS)
def test_a_module_that_cannot_be_imported_is_blamed_with_its_line(project, features, line, why):
    error = refusal(project(features))
    assert "'a_shop.features' cannot be imported" in error.what
    assert why in error.what
    assert (error.where, error.line) == ("src/a_shop/features.py", line)


@pytest.mark.parametrize("features", ["def Features(table):\n    return table\n", "features = 1\n"])
def test_a_function_that_is_not_there_is_asked_for(project, features):
    error = refusal(project(features))
    assert "has no function 'features'" in error.what
    assert "a_shop.features:features" in error.next_step
    assert error.where == "src/a_shop/features.py"


def test_a_module_that_is_not_there_is_named(project):
    made = project(GOOD)
    with pytest.raises(UserCodeError, match=r"'a_shop\.nothing' cannot be imported"):
        load_function(made, "a_shop.nothing:features")


def test_an_error_in_the_environment_is_blamed_on_the_line_that_called_it(project, monkeypatch):
    made = project(
        "import a_library\ndef features(table):\n    x = 1\n    return a_library.helper(table)\n",
        **{".venv/lib/a_library.py": "def helper(table):\n    raise RuntimeError('deep inside')\n"},
    )
    monkeypatch.syspath_prepend(str(made.root / ".venv" / "lib"))
    error = refusal(made)
    assert (error.where, error.line) == ("src/a_shop/features.py", 4)
    assert "deep inside" in error.what


def test_a_repo_whose_name_begins_like_this_one_is_not_taken_for_it(project, tmp_path, monkeypatch):
    made = project("import a_neighbour\ndef features(table):\n    return a_neighbour.helper()\n")
    (tmp_path / "world2").mkdir()
    (tmp_path / "world2" / "a_neighbour.py").write_text("def helper():\n    raise RuntimeError('x')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "world2"))
    assert refusal(made).where == "src/a_shop/features.py"


def test_a_message_of_many_lines_becomes_one_that_is_not_too_long(project):
    error = refusal(project("def features(table):\n    raise ValueError('a\\nb' * 1000)\n"))
    assert "\n" not in error.what
    assert len(error.what) < 700


# --- the columns the model was trained on ---------------------------------------------------------------------------

DUMMIES = "import pandas\ndef features(table):\n    return pandas.get_dummies(table[['day']])\n"


def test_columns_that_depend_on_the_rows_are_refused_where_they_are_missed(project):
    made = project(DUMMIES)
    trained = list(make_features(made, pd.DataFrame({"day": ["mon", "tue"]})))
    error = refusal(made, pd.DataFrame({"day": ["mon"]}), trained)
    assert "did not return the column 'day_tue', which the model was trained on" in error.what
    assert "single one" in error.next_step


def test_columns_come_in_the_order_of_training_and_without_others(project):
    made = project("def features(table):\n    return table.assign(b=1, a=2)\n")
    assert list(make_features(made, TABLE, ["a", "rain"])) == ["a", "rain"]


def test_a_function_is_called_with_what_it_is_given(project):
    assert call(project(GOOD), "it", lambda a, b: a + b, 1, 2) == 3


def test_a_function_is_called_while_garbage_is_searched_as_usual(project):
    before = gc.get_threshold()
    gc.set_threshold(SELDOM)
    try:
        assert call(project(GOOD), "it", gc.get_threshold)[0] == USUAL[0]
    finally:
        gc.set_threshold(*before)


def test_ctrl_c_is_not_taken_for_an_error_of_the_function(project):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(project(GOOD), "it", interrupt)
