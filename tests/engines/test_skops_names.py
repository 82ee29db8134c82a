"""Importing skops by the names on file: the same trust, without the search for them."""

import importlib
import json
import subprocess
import sys

import pytest

from pavedroad.engines.skops import importing

LOOK = """
import json, sys
skops = import_skops()
trusted = sys.modules["skops.io._trusted_types"]
lists = {name: sorted(value) for name, value in vars(trusted).items() if name.endswith("_TYPE_NAMES")}
print(json.dumps([lists, "sklearn.mixture" in sys.modules, skops.get_untrusted_types(data=skops.dumps(Ridge()))]))
"""
START = """
from pathlib import Path
from sklearn.linear_model import Ridge
from pavedroad.engines.skops import importing
from pavedroad.engines.skops.importing import import_skops
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", START + code + LOOK], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def kept():
    return json.loads(importing.KEPT.read_bytes())


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """What skops finds by itself, when the file knows other versions only."""
    path = tmp_path_factory.mktemp("kept") / "trusted.json"
    path.write_text(json.dumps({"found_with": ["skops 0.1"], "lists": {"SKLEARN_ESTIMATOR_TYPE_NAMES": ["os.system"]}}))
    return run(f"importing.KEPT = Path({str(path)!r})\n")


def test_what_is_on_file_is_what_skops_finds(kept, searched):
    advice = "Run tools/write_trusted.py in the environment of each Python's tests."
    assert importing.name_versions() in kept["found_with"], advice
    assert kept["lists"] == searched[0], advice
    assert "sklearn.linear_model._ridge.Ridge" in kept["lists"]["SKLEARN_ESTIMATOR_TYPE_NAMES"]


def test_skops_trusts_what_is_on_file_and_imports_no_more_of_scikit_learn_than_it_needs(kept, searched):
    by_name = run("")
    assert by_name == [kept["lists"], False, []]
    assert searched[1:] == [True, []]


def test_what_is_not_on_file_is_not_trusted(kept, tmp_path):
    path, lists = tmp_path / "trusted.json", {name: list(names) for name, names in kept["lists"].items()}
    lists["SKLEARN_ESTIMATOR_TYPE_NAMES"].remove("sklearn.linear_model._ridge.Ridge")
    path.write_text(json.dumps({"found_with": kept["found_with"], "lists": lists}))
    assert run(f"importing.KEPT = Path({str(path)!r})\n")[2] == ["sklearn.linear_model._ridge.Ridge"]


def test_a_skops_that_somebody_has_imported_is_left_as_it_is():
    known = importlib.import_module("skops.io")
    assert importing.import_skops() is known


def test_the_tool_keeps_other_versions_as_long_as_they_find_the_same(kept, load_program, tmp_path, monkeypatch, capsys):
    tool = load_program("tools/write_trusted.py")
    path = tmp_path / "trusted.json"
    monkeypatch.setattr(tool, "KEPT", path)
    monkeypatch.setattr(tool, "SOURCE", tmp_path / "src")
    path.write_text(json.dumps({"found_with": ["skops 0.1"], "lists": tool.find_lists()}))
    tool.main()
    assert json.loads(path.read_bytes()) == {
        "found_with": ["skops 0.1", importing.name_versions()],
        "lists": kept["lists"],
    }
    path.write_text(json.dumps({"found_with": ["skops 0.1"], "lists": {}}))
    tool.main()
    assert json.loads(path.read_bytes())["found_with"] == [importing.name_versions()]
    assert importing.name_versions() in capsys.readouterr().out
