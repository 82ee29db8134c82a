"""Hamilton: a module of column functions makes the features, its checks are ours, its graph is a picture."""

import sys

import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import UserCodeError
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.columns import check_features
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.render.html import to_html
from pavedroad.render.markdown import to_markdown
from pavedroad.report import Outcome, conclude

CONFIG = write_settings(
    model='features = "hamilton:h_shop.columns"\ntrain = "h_shop.model:train"',
)
COLUMNS = """
import pandas as pd
from hamilton.function_modifiers import check_output


def double(rain: pd.Series) -> pd.Series:
    return rain * 2


@check_output(range=(0.0, {limit}), importance="{importance}")
def half(rain: pd.Series, double: pd.Series) -> pd.Series:
    return double / 4


def wet(half: pd.Series) -> pd.Series:
    return (half > 1).astype(float)
"""
TABLE = pd.DataFrame({"rain": [1.0, 2.0, 4.0], "sold": [1, 2, 3]}, index=[5, 6, 7])


@pytest.fixture
def project(world, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(limit=5.0, importance="warn", columns=COLUMNS, more=""):
        for name in [name for name in sys.modules if name.partition(".")[0] == "h_shop"]:
            monkeypatch.delitem(sys.modules, name)
        code = columns.replace("{limit}", str(limit)).replace("{importance}", importance) + more
        root = world({"src/h_shop/__init__.py": "", "src/h_shop/columns.py": code})
        return Project(root=root, config=parse_config(CONFIG))

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "h_shop"]:
        del sys.modules[name]


def test_every_function_makes_a_feature_row_by_row(project):
    made = make_features(project(), TABLE)
    assert made.columns.tolist() == ["double", "half", "wet"]
    assert made["half"].tolist() == [0.5, 1.0, 2.0]
    assert made["wet"].tolist() == [0.0, 0.0, 1.0]
    assert made.index.tolist() == [5, 6, 7]


def test_the_same_functions_serve_a_single_row_at_prediction_time(project):
    made = project()
    pd.testing.assert_frame_equal(
        make_features(made, TABLE.iloc[[2]], ["wet", "half"]), make_features(made, TABLE)[["wet", "half"]].iloc[[2]]
    )


def test_the_module_may_say_which_columns_are_features(project):
    assert make_features(project(more="\nFEATURES = ['wet', 'double']\n"), TABLE).columns.tolist() == ["wet", "double"]


def test_the_target_is_out_of_reach(project):
    made = project(more="\ndef cheat(sold: pd.Series) -> pd.Series:\n    return sold\n")
    with pytest.raises(UserCodeError, match="sold"):
        make_features(made, TABLE)


def test_a_rule_that_holds_is_a_check_that_passed(project):
    checks, _ = check_features(project(), TABLE)
    assert [(check.id, check.outcome) for check in checks] == [
        ("train.features.half.range", Outcome.PASS),
    ]


@pytest.mark.parametrize(("importance", "outcome"), [("warn", Outcome.WARN), ("fail", Outcome.FAIL)])
def test_a_rule_that_is_broken_warns_or_fails_as_it_says(project, importance, outcome):
    checks, _ = check_features(project(limit=1.5, importance=importance), TABLE)
    assert [check.outcome for check in checks] == [outcome]
    assert "1 outside" in checks[0].reason


def test_the_log_of_a_broken_rule_does_not_reach_the_user(project, caplog):
    make_features(project(limit=1.5), TABLE)
    assert caplog.text == ""


def test_the_graph_says_what_each_column_is_made_of_without_the_checks_between(project):
    _, (figure,) = check_features(project(), TABLE)
    needs = dict(zip(figure.data["step"], figure.data["needs"], strict=True))
    assert needs == {"double": "rain", "half": "double\nrain", "wet": "half", "rain": ""}
    assert dict(zip(figure.data["step"], figure.data["kind"], strict=True))["rain"] == "source"
    text = to_markdown([conclude("train", check_features(project(), TABLE)[0], figures=[figure])])
    assert "What each feature is made of" in text
    assert text.count(" --> f") == 4
    assert '(["rain"])' in text
    page = to_html([conclude("train", [], figures=[figure])])
    assert "What each feature is made of" in page
    assert '<span class="kind">of double, rain</span><strong>half</strong>' in page


WRONG_COLUMNS = {
    "rows that were dropped": ("rain[rain > 1]", "'broken' returned 2 values, not one for each of 3 rows"),
    "a single number": ("3", "'broken' returned int, not a column"),
    "rows under other names": ("rain.set_axis([9, 8, 7])", "'broken' returned its rows under another index"),
    "a table": ("rain.to_frame()", "'broken' returned DataFrame, not a column"),
}


@pytest.mark.parametrize(("body", "why"), WRONG_COLUMNS.values(), ids=WRONG_COLUMNS)
def test_a_function_that_returns_no_whole_column_is_refused(project, body, why):
    made = project(more=f"\ndef broken(rain: pd.Series) -> pd.Series:\n    return {body}\n")
    with pytest.raises(UserCodeError) as caught:
        make_features(made, TABLE)
    assert caught.value.what.startswith(f"The function {why}")
    assert (caught.value.where, caught.value.line) == ("src/h_shop/columns.py", 18)


def test_rows_in_another_order_are_put_back(project):
    more = "\ndef sorted_(rain: pd.Series) -> pd.Series:\n    return rain.sort_values(ascending=False)\n"
    assert make_features(project(more=more), TABLE)["sorted_"].tolist() == [1.0, 2.0, 4.0]


def test_a_function_that_fails_is_blamed_on_its_line(project):
    made = project(more="\ndef broken(rain: pd.Series) -> pd.Series:\n    return rain / nothing\n")
    with pytest.raises(UserCodeError, match="NameError") as caught:
        make_features(made, TABLE)
    assert caught.value.where == "src/h_shop/columns.py"


def test_a_module_that_is_no_graph_is_blamed(project):
    one, other = (f"def {a}({b}: pd.Series) -> pd.Series:\n    return {b}\n" for a, b in ("xy", "yx"))
    circle = f"import pandas as pd\n{one}{other}"
    with pytest.raises(UserCodeError):
        make_features(project(columns=circle), TABLE)


def test_a_module_that_is_not_there_is_named(project):
    made = project()
    (made.root / "src/h_shop/columns.py").unlink()
    with pytest.raises(UserCodeError, match="cannot be imported"):
        make_features(made, TABLE)


def test_plain_functions_have_neither_checks_nor_a_graph(project):
    made = project()
    plain = Project(root=made.root, config=parse_config(CONFIG.replace("hamilton:h_shop.columns", "h_shop.x:y")))
    assert check_features(plain, TABLE) == ([], [])
