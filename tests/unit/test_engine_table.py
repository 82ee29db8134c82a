"""Engines are found by name, lazily; a missing vendor is named with the extra that brings it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pavedroad.errors import ConfigError
from pavedroad.foundation import engines
from pavedroad.foundation.engines import ENGINES, load_engine

ROOT = Path(__file__).resolve().parents[2]
SLOW = {"gx", "evidently"}  # what these bring along takes seconds to import
ELSEWHERE = {
    ("validation", "gx-postgres"),
    ("validation", "gx-spark"),
    ("sketch", "spark"),
    ("tracking", "mlflow"),
    ("signature", "model-signing"),
    ("export", "onnx"),
}
"""Engines whose vendors are installed in tests-engines or tests-models alone; their own tests import them there."""
ALL = [
    pytest.param(kind, name, marks=pytest.mark.slow if name in SLOW else ())
    for kind, names in ENGINES.items()
    for name in names
    if (kind, name) not in ELSEWHERE
]

# What each kind of engine offers to the road.
OFFERED = {
    "validation": ("check_suite", "judge"),
    "drift": ("compare",),
    "sketch": ("measure",),
    "model": ("save", "load"),
    "model-facts": ("describe",),
    "tracking": ("send",),
    "metrics": ("score", "prepare"),
    "tables": ("read",),
    "pipeline": ("check_ready", "start", "read_lock", "parse_lock", "digest"),
    "history": ("head", "is_repository", "changed"),
    "pictures": ("to_svg",),
    "template": ("generate",),
}


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_engine_of_the_table_can_be_imported(kind, name):
    module = load_engine(kind, name)
    assert module.__name__ == ENGINES[kind][name]
    for function in OFFERED.get(kind, ()):
        assert callable(getattr(module, function)), function


def test_every_vendor_in_engines_is_in_the_table():
    listed = {target.split(".")[2] for names in ENGINES.values() for target in names.values()}
    vendors = {path.stem for path in (ROOT / "src/pavedroad/engines").iterdir() if not path.name.startswith("__")}
    assert vendors == listed


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [("drift", "two-samples", "'two-sample'"), ("drift", "Evidently", "'evidently'"), ("validation", "gxx", "'gx'")],
)
def test_an_unknown_engine_is_refused_with_the_nearest_one(kind, name, meant):
    with pytest.raises(ConfigError, match=f"no {kind} engine called") as caught:
        load_engine(kind, name)
    assert meant in caught.value.next_step


@pytest.mark.parametrize("name", ["../x", "os", "pavedroad.engines.gx.validation", ""])
def test_a_name_is_never_taken_for_a_module(name):
    with pytest.raises(ConfigError):
        load_engine("drift", name)


BLOCKED = [
    ("validation", "gx", "great_expectations", "gx"),
    ("validation", "gx-postgres", "psycopg", "postgres"),
    ("validation", "gx-spark", "pyspark", "spark"),
    ("sketch", "duckdb", "duckdb", "duckdb"),
    ("drift", "evidently", "evidently", "evidently"),
    ("model", "skops", "skops", "sklearn"),
    ("metrics", "sklearn", "sklearn", "sklearn"),
    ("tables", "arrow", "pyarrow", "table"),
    ("tables", "arrow", "pandas", "table"),
    ("pictures", "vegalite", "vl_convert", "pictures"),
    ("template", "cookiecutter", "cookiecutter", "template"),
]


@pytest.mark.parametrize(("kind", "name", "module", "extra"), BLOCKED)
def test_a_vendor_that_is_not_installed_is_named_with_its_extra(kind, name, module, extra):
    program = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from pavedroad.errors import MissingExtraError
from pavedroad.foundation.engines import load_engine
try:
    load_engine({kind!r}, {name!r})
except MissingExtraError as error:
    print(error.extra, error.what)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{extra} ")
    assert f"{module!r}" in done.stdout


def test_every_extra_that_is_named_is_one_that_can_be_installed():
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(engines._EXTRAS.values()) <= set(offered)


# --- engines of other packages --------------------------------------------------------------------------------------


@pytest.fixture
def other_package(world, monkeypatch):
    """Another package, as installed: it offers a drift engine, and one that needs what is not there."""
    root = world(
        {
            "site/other_engines/__init__.py": "",
            "site/other_engines/psi.py": "def compare(reference, current, kind):\n    return 'compared'\n",
            "site/other_engines/broken.py": "import a_module_nobody_has\n",
            "site/other_engines-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: other-engines\nVersion: 1.0\n",
            "site/other_engines-1.0.dist-info/entry_points.txt": (
                "[pavedroad.engines]\ndrift.psi = other_engines.psi\ndrift.psi-object = other_engines.psi:compare\n"
                "drift.broken = other_engines.broken\n"
            ),
        }
    )
    monkeypatch.syspath_prepend(str(root / "site"))
    return root


@pytest.mark.parametrize("name", ["psi", "psi-object"])
def test_an_engine_of_another_package_is_found_by_its_entry_point(other_package, name):
    assert load_engine("drift", name).compare(None, None, "number") == "compared"


def test_an_engine_of_another_package_is_offered_when_a_name_is_wrong(other_package):
    with pytest.raises(ConfigError) as caught:
        load_engine("drift", "psy")
    assert "'psi'" in caught.value.next_step


def test_an_engine_of_another_package_serves_its_own_kind_only(other_package):
    with pytest.raises(ConfigError):
        load_engine("validation", "psi")


def test_an_engine_of_another_package_that_lacks_something_is_refused_in_words(other_package):
    with pytest.raises(ConfigError, match="'a_module_nobody_has', which is not installed"):
        load_engine("drift", "broken")
