"""The tool around mutmut goes on where it stopped, begins anew after a change, and counts only what was tried."""

import json
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GATE = "pavedroad.foundation.gate"


@pytest.fixture(scope="module")
def mutate(load_program):
    return load_program("tools/mutate.py")


def write_results(folder, **modules):
    for module, codes in modules.items():
        path = folder / "src" / f"{module}.py.meta"
        path.parent.mkdir(parents=True, exist_ok=True)
        found = {f"{GATE}.{module}.x_f__mutmut_{number}": code for number, code in enumerate(codes)}
        path.write_text(json.dumps({"exit_code_by_key": found}))


def test_what_was_found_is_kept_until_anything_changes(mutate, tmp_path):
    folder = tmp_path / "mutants"
    mutate.prepare(folder, "one")
    write_results(folder, policy=[1])
    mutate.prepare(folder, "one")
    assert len(mutate.read_results(folder)) == 1
    mutate.prepare(folder, "two")
    assert mutate.read_results(folder) == {}


@pytest.mark.parametrize(
    "path", ["src/pavedroad/foundation/gate/policy.py", "tests/unit/gate/test_a.py", "pyproject.toml"]
)
def test_a_change_of_sources_tests_or_settings_is_noticed(mutate, tmp_path, path):
    for name in ("src/pavedroad/foundation/gate/policy.py", "tests/unit/gate/test_a.py", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1\n")
    before = mutate.digest_inputs(tmp_path)
    (tmp_path / "src" / "__pycache__").mkdir()
    (tmp_path / "src" / "__pycache__" / "x.pyc").write_text("x")
    assert mutate.digest_inputs(tmp_path) == before
    (tmp_path / path).write_text("a = 2\n")
    assert mutate.digest_inputs(tmp_path) != before


@pytest.mark.parametrize(
    ("codes", "code", "said"),
    [
        ([1] * 19 + [0], 0, "19 of 20"),
        ([1] * 18 + [0, 0], 1, "18 of 20"),
        ([1] * 18 + [0, None], 1, "not tried"),
        ([1] * 18 + [33, 5], 1, "not noticed"),
        ([3, 36, -24, 152], 0, "4 of 4"),
        ([None] * 3, 1, "0 of 3"),
        ([], 1, "0 of 0"),
    ],
    ids=str,
)
def test_only_what_a_test_noticed_counts(mutate, tmp_path, capsys, codes, code, said):
    write_results(tmp_path, policy=codes)
    assert mutate.judge(mutate.read_results(tmp_path)) == code
    assert said in capsys.readouterr().out


def test_one_module_does_not_make_up_for_another_and_is_judged_alone_when_it_is_chosen(mutate, tmp_path, capsys):
    write_results(tmp_path, policy=[1] * 100, scene=[0])
    assert mutate.judge(mutate.read_results(tmp_path)) == 1
    assert "scene: 0 of 1 mutants were noticed." in capsys.readouterr().out
    assert mutate.judge(mutate.read_results(tmp_path, ["policy"])) == 0
    assert mutate.judge(mutate.read_results(tmp_path, ["polic"])) == 1


def test_the_modules_that_decide_are_mutated_and_their_tests_are_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    modules = {Path(path).stem for path in settings["only_mutate"]}
    assert modules == {"decision", "groups", "licences", "policy", "scene", "standards"}
    named = [name for name in settings["pytest_add_cli_args_test_selection"] if name.startswith("tests/")]
    assert all((ROOT / name).is_file() for name in (*named, *settings["only_mutate"]))
