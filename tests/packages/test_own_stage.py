"""The public foundation, and the example of a team's own stage that is built from it alone."""

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_repo import OWN, walk

from pavedroad import foundation
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, read_report

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_stage" / "steadiness.py"


def load():
    spec = importlib.util.spec_from_file_location("steadiness", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_steady_model_passes(finished):
    report = load().steadiness(find_project(finished))
    assert report.outcome is Outcome.PASS
    assert report.checks[0].observed == 0


# Its answer hangs on the last decimals of the weight, which any nudge changes.
NERVOUS = OWN.replace('return table[["weight", "height"]]', 'return table[["weight", "height"]] * 1e5 % 7')


def test_a_nervous_model_fails(repo):
    (repo / "src" / "beans" / "own.py").write_text(NERVOUS)
    walk(repo)
    report = load().steadiness(find_project(repo))
    assert report.outcome is Outcome.FAIL, report
    assert "moved too far" in report.checks[0].reason


def test_it_runs_as_a_program_and_leaves_its_report(repo):
    done = subprocess.run([sys.executable, str(EXAMPLE)], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert read_report(repo / "reports" / "steadiness.json").outcome is Outcome.PASS


def test_without_a_package_it_could_not_judge(repo):
    (repo / "package" / "signature.json").unlink()
    done = subprocess.run([sys.executable, str(EXAMPLE)], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "missing" in done.stdout


def test_the_example_uses_the_public_names_and_no_engine():
    modules = {node.module for node in ast.walk(ast.parse(EXAMPLE.read_text())) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in modules if module.startswith("pavedroad")}
    assert ours == {"pavedroad", "pavedroad.foundation", "pavedroad.report", "pavedroad.stages.runner"}


def test_the_examples_own_page_names_what_the_example_uses():
    told = re.findall(r"\(`(\w+)`\)", (EXAMPLE.parent / "README.md").read_text())
    assert told
    assert [name for name in told if f"    {name},\n" not in EXAMPLE.read_text()] == []


# --- the public names -----------------------------------------------------------------------------------------------


def test_every_public_name_is_there_and_lives_where_the_table_says():
    homes = {name: home for home, names in foundation._HOMES.items() for name in names}
    assert sorted(homes) == foundation.__all__ == sorted(foundation.__all__)
    for name, home in homes.items():
        assert getattr(foundation, name) is getattr(importlib.import_module(f"pavedroad.foundation.{home}"), name)


def test_checkers_of_types_see_the_same_names():
    tree = ast.parse(Path(foundation.__file__).read_text())
    guard = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module.removeprefix("pavedroad.foundation.") for node in guard.body for alias in node.names
    }
    assert seen == {name: home for home, names in foundation._HOMES.items() for name in names}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Packages"):
        foundation.Packages  # noqa: B018


def test_asking_for_the_foundation_imports_nothing_heavy():
    program = "import sys, pavedroad.foundation; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "sklearn", "msgspec", "duckdb"} & set(done.stdout.split()) - {"msgspec"}
