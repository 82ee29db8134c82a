"""Every error has its exit code, and says what happened, where, and what to do next."""

import inspect

import pytest

from pavedroad import errors

TREE = {
    "UsageError": ("PavedroadError", 2),
    "MissingExtraError": ("UsageError", 2),
    "ConfigError": ("PavedroadError", 2),
    "RefusedError": ("PavedroadError", 1),
    "JudgementError": ("PavedroadError", 3),
    "DataError": ("JudgementError", 3),
    "UserCodeError": ("JudgementError", 3),
    "PackageError": ("JudgementError", 3),
    "PipelineError": ("JudgementError", 3),
    "EvidenceError": ("JudgementError", 3),
    "TrackingError": ("JudgementError", 3),
    "ForgeError": ("JudgementError", 3),
}


def test_the_tree_holds_these_errors_and_no_others():
    found = {name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, Exception)}
    assert found == {"PavedroadError", *TREE}


@pytest.mark.parametrize(("name", "parent", "code"), [(name, *rest) for name, rest in TREE.items()])
def test_each_error_has_its_parent_and_its_exit_code(name, parent, code):
    kind = getattr(errors, name)
    assert kind.__bases__ == (getattr(errors, parent),)
    assert kind.exit_code == code


def test_the_tree_drawn_in_the_documentation_is_the_real_one():
    drawn = [line for line in errors.__doc__.splitlines() if "── " in line]
    assert {
        line.split("── ")[1].split()[0]: line.split("── ")[1].split()[1] for line in drawn if "JudgementError " in line
    }
    named = {line.split("── ")[1].split()[0] for line in drawn}
    assert named == set(TREE)
    for line in drawn:
        name, code = line.split("── ")[1].split()[:2]
        assert int(code) == TREE[name][1]


def test_the_four_exit_codes_are_what_the_documentation_says():
    assert {code.name: int(code) for code in errors.ExitCode} == {"OK": 0, "NO": 1, "USAGE": 2, "CANNOT_JUDGE": 3}


def test_an_error_in_one_line_says_where_what_and_what_next():
    error = errors.ConfigError("This is wrong.", where="a.toml", line=3, next_step="Mend it.")
    assert str(error) == "a.toml:3: This is wrong. Mend it."


def test_an_error_without_a_place_or_advice_says_what_alone():
    assert str(errors.DataError("This is wrong.")) == "This is wrong."


def test_a_missing_extra_names_the_package_and_the_command_that_brings_it():
    error = errors.MissingExtraError("skops", "sklearn")
    assert "'skops'" in error.what
    assert "pavedroad[sklearn]" in error.next_step
