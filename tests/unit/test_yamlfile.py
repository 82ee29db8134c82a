"""YAML: version 1.2, plain data, nothing that stands for more than it shows."""

import time

import pytest

from pavedroad.errors import ConfigError
from pavedroad.foundation import yamlfile
from pavedroad.foundation.yamlfile import read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(world, content):
    path = world({"params.yaml": content}) / "params.yaml"
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert caught.value.where == str(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.5", 1.5),
        ("10", 10),
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("null", None),
        ("012", 12),
        ("12:30:45", "12:30:45"),
        ("[1, two]", [1, "two"]),
        ("'1'", "1"),
    ],
)
def test_values_are_read_as_version_1_2_has_them(world, text, value):
    path = world({"params.yaml": f"train: {text}\n"}) / "params.yaml"
    found = read_yaml(path)["train"]
    assert found == value
    assert type(found) is type(value)


def test_an_empty_file_is_an_empty_mapping(world):
    assert read_yaml(world({"params.yaml": "# nothing yet\n"}) / "params.yaml") == {}


REFUSED = {
    "an alias": ("a: &x 1\nb: *x\n", 2, "alias"),
    "a merge key": ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "alias"),
    "a key that stands twice": ("a: 1\nb: 2\na: 3\n", 3, "duplicate key"),
    "a tag that makes an object": ("a: !!python/object/apply:os.system ['true']\n", 1, "constructor"),
    "a list": ("- 1\n", 1, "mapping"),
    "text": ("just words\n", 1, "mapping"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "document"),
    "a tab": ("a:\n\tb: 1\n", 2, "valid YAML"),
    "a bracket that stays open": ("a: [1, 2\n", 2, "valid YAML"),
    "a merge conflict": ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> main\n", 3, "valid YAML"),
    "a control character": ("a: \x07\n", None, "valid YAML"),
}


@pytest.mark.parametrize(("text", "line", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_data_is_refused_with_its_line(world, text, line, why):
    error = refusal(world, text)
    assert why in error.what
    assert error.line == line


def test_an_asterisk_in_text_is_no_alias(world):
    assert read_yaml(world({"params.yaml": "a: '2 * 3'\nb: a*b\n"}) / "params.yaml") == {"a": "2 * 3", "b": "a*b"}


def test_a_bomb_of_aliases_is_refused_at_once(world):
    began = time.perf_counter()
    assert "alias" in refusal(world, BOMB).what
    assert time.perf_counter() - began < 1


def test_nesting_without_end_is_refused_in_words(world):
    assert "not valid YAML" in refusal(world, "a: " + "[" * 1100 + "]" * 1100).what


def test_a_tag_runs_nothing(world, tmp_path):
    canary = tmp_path / "canary"
    refusal(world, f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{canary}']]\n")
    assert not canary.exists()


def test_a_file_over_the_limit_is_refused_unread(world, monkeypatch):
    monkeypatch.setattr(yamlfile, "MAX_BYTES", 10)
    assert "11 bytes; at most 10" in refusal(world, "a: 1234567\n").what


@pytest.mark.parametrize(
    ("content", "why"), [(b"a: \xff\n", "cannot be read"), ("a: 1\n".encode("utf-16"), "cannot be")]
)
def test_a_file_that_is_not_utf_8_is_refused(world, content, why):
    assert why in refusal(world, content).what


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="missing"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path)
