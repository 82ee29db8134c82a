"""What was found in a column stands beside its picture; what is about the table stands before."""

from pavedroad.render.columns import group_checks
from pavedroad.render.html import to_html
from pavedroad.report import Figure, Severity, conclude, judge


def check(name, *columns, ok=True, severity=Severity.CRITICAL, evidence=None):
    title = f"`{columns[0]}`: to be fine" if len(columns) == 1 else "All is fine"
    return judge(name, title, ok=ok, columns=columns, severity=severity, observed=f"seen by {name}", evidence=evidence)


def picture(name, title=None):
    data = {"bin": ["a", "b"], "share": [0.5, 0.5], "side": ["current"] * 2}
    return Figure(id=f"column.{name}", kind="distribution", title=title or name, data=data)


def test_checks_of_one_column_are_grouped_and_those_that_failed_come_first():
    checks = [
        check("rows"),
        check("one", "a"),
        check("pair", "a", "b"),
        check("two", "b", severity=Severity.WARNING, ok=False),
        check("three", "c", ok=False),
        check("four", "c"),
    ]
    wide, groups = group_checks(checks, [picture("b"), picture("z")])
    assert [found.id for found in wide] == ["rows", "pair"]
    assert [group.name for group in groups] == ["c", "b", "a", "z"]
    assert [found.id for found in groups[0].checks] == ["three", "four"]
    assert [group.figure is not None for group in groups] == [False, True, False, True]


def test_without_a_check_of_one_column_nothing_is_grouped():
    assert group_checks([check("rows"), check("pair", "a", "b")], [picture("a")])[1] == []


def test_a_column_says_its_kind_and_its_gaps():
    guards = [check("guard.kinds", evidence={"a": "number"}), check("guard.values", evidence={"a": "2.50% missing"})]
    (group,) = group_checks([*guards, check("one", "a")], [])[1]
    assert group.facts == ["number", "2.50% missing"]


def section(checks, figures):
    page = to_html([conclude("validate", checks, summary="x", figures=figures)])
    return page[page.index('<section class="stage"') :]


def test_the_page_shows_each_column_with_its_picture_its_checks_and_no_picture_twice():
    page = section(
        [check("rows"), check("one", "a"), check("two", "b", ok=False)], [picture("a", "a (5 of 9 rows)"), picture("b")]
    )
    assert page.count("<svg") == 2
    assert page.index("All is fine") < page.index("<code>b</code>") < page.index("<code>a</code>")
    after = page[page.index("<code>a</code>") :]
    assert "seen by one" in after
    assert "<strong>To be fine</strong>" in after
    assert "<strong>5 of 9 rows</strong>" in after
    assert page.count("seen by two") == 1


def test_columns_that_passed_are_folded_when_they_are_many_and_the_others_never():
    names = [f"c{number}" for number in range(40)]
    page = section([check(name, name, ok=name != "c39") for name in names], [])
    shown, folded = page.split('<details class="more">')
    assert "28 more columns, of which every check passed" in folded
    assert shown.count('<section class="column') == 12
    assert '<section class="column fail' in shown
    assert page.count('<section class="column') == 40
