"""Compiled modules of an earlier run are laid beside the sources that they were compiled from, and nowhere else."""

import os
import py_compile
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, module_from_spec, source_hash, spec_from_file_location
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "actions/setup/compiled.py"
TAG = sys.implementation.cache_tag


@pytest.fixture(scope="module")
def compiled():
    spec = spec_from_file_location("compiled", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path):
    """A module as a run leaves it: imported once, so compiled, with the time stamp of its source."""
    place = tmp_path / "site"
    (place / "shop").mkdir(parents=True)
    (place / "shop/__init__.py").write_text("")
    (place / "shop/price.py").write_text("PRICE = 3\n")
    assert ask(place, "import shop.price; print(shop.price.PRICE)") == "3"
    assert cached(place).is_file()
    return place


@pytest.fixture
def fresh(tmp_path):
    """The same modules as another installation has them, at another time and with nothing compiled."""
    place = tmp_path / "fresh"
    (place / "shop").mkdir(parents=True)
    (place / "shop/__init__.py").write_text("")
    (place / "shop/price.py").write_text("PRICE = 3\n")
    for file in place.glob("shop/*.py"):
        os.utime(file, (1, 1))
    return place


def cached(place, module="price"):
    return place / f"shop/__pycache__/{module}.{TAG}.pyc"


def ask(place, code, *options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(
        command, env={**environment, "PYTHONPATH": str(place)}, capture_output=True, text=True, check=True
    ).stdout.strip()


def compiles(place):
    """Whether importing compiles the module anew instead of taking what lies there."""
    return "code object from" in ask_loudly(place) and "matches" not in ask_loudly(place)


def ask_loudly(place):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-B", "-v", "-c", "import shop.price"]
    said = subprocess.run(
        command, env={**environment, "PYTHONPATH": str(place)}, capture_output=True, text=True, check=True
    ).stderr
    return "\n".join(line for line in said.splitlines() if f"{place}/shop/" in line and "price" in line)


def test_what_one_run_compiled_serves_another_installation_whatever_its_times(compiled, site, fresh, tmp_path):
    assert compiles(fresh), "Nothing is compiled there yet."
    assert compiled.keep(site, tmp_path / "kept.zip") == 2
    assert compiled.lay(fresh, tmp_path / "kept.zip") == 2
    assert not compiles(fresh)
    assert ask(fresh, "import shop.price; print(shop.price.PRICE)") == "3"


def test_a_source_that_has_changed_is_compiled_anew(compiled, site, fresh, tmp_path):
    (fresh / "shop/price.py").write_text("PRICE = 4\n")
    compiled.keep(site, tmp_path / "kept.zip")
    assert compiled.lay(fresh, tmp_path / "kept.zip") == 2
    assert ask(fresh, "import shop.price; print(shop.price.PRICE)") == "4", "Python compares the hash itself."


def test_what_is_stale_where_it_was_compiled_is_not_kept(compiled, site, tmp_path):
    (site / "shop/price.py").write_text("PRICE = 44\n")
    assert compiled.keep(site, tmp_path / "kept.zip") == 1
    assert zipfile.ZipFile(tmp_path / "kept.zip").namelist() == [f"shop/__pycache__/__init__.{TAG}.pyc"]


def test_what_was_laid_is_kept_again(compiled, site, fresh, tmp_path):
    compiled.keep(site, tmp_path / "kept.zip")
    compiled.lay(fresh, tmp_path / "kept.zip")
    assert compiled.keep(fresh, tmp_path / "again.zip") == 2
    assert (tmp_path / "again.zip").read_bytes() != b""


def test_what_is_there_already_is_left_alone(compiled, site, tmp_path):
    compiled.keep(site, tmp_path / "kept.zip")
    before = cached(site).read_bytes()
    assert compiled.lay(site, tmp_path / "kept.zip") == 0
    assert cached(site).read_bytes() == before


def make_content(source="PRICE = 3\n", magic=MAGIC_NUMBER, flags=3):
    return magic + flags.to_bytes(4, "little") + source_hash(source.encode()) + b"\xe3"


HOSTILE = {
    "a path above": (f"../__pycache__/price.{TAG}.pyc", make_content()),
    "a path above, later": (f"shop/../../__pycache__/price.{TAG}.pyc", make_content()),
    "an absolute path": (f"/etc/__pycache__/price.{TAG}.pyc", make_content()),
    "a module itself": ("shop/price.py", b"PRICE = 666\n"),
    "a module without its folder": (f"shop/price.{TAG}.pyc", make_content()),
    "a start-up file": ("evil.pth", b"import os"),
    "a module that is not there": (f"shop/__pycache__/absent.{TAG}.pyc", make_content()),
    "of another Python": ("shop/__pycache__/price.cpython-27.pyc", make_content()),
    "another magic number": (f"shop/__pycache__/price.{TAG}.pyc", make_content(magic=b"abcd")),
    "one by time": (f"shop/__pycache__/price.{TAG}.pyc", make_content(flags=0)),
    "one that is never compared": (f"shop/__pycache__/price.{TAG}.pyc", make_content(flags=1)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_else_is_laid(kind, compiled, fresh, tmp_path):
    name, content = HOSTILE[kind]
    with zipfile.ZipFile(tmp_path / "kept.zip", "w") as file:
        file.writestr(name, content)
    before = sorted(tmp_path.rglob("*"))
    assert compiled.lay(fresh, tmp_path / "kept.zip") == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert (fresh / "shop/price.py").read_text() == "PRICE = 3\n"


def test_the_same_entry_in_its_place_would_be_laid(compiled, fresh, tmp_path):
    """The negative control of the test above."""
    with zipfile.ZipFile(tmp_path / "kept.zip", "w") as file:
        file.writestr(f"shop/__pycache__/price.{TAG}.pyc", make_content())
    assert compiled.lay(fresh, tmp_path / "kept.zip") == 1


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"], ids=["empty", "other", "cut"])
def test_a_damaged_archive_costs_time_and_nothing_else(content, tmp_path):
    (tmp_path / "kept.zip").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, "lay", tmp_path / "kept.zip"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "of no use: BadZipFile" in done.stdout


def test_no_archive_is_no_failure(tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, "lay", tmp_path / "none.zip"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "No compiled modules of an earlier run are here.\n")


def test_a_compiled_module_that_is_cut_short_is_not_kept(compiled, site, tmp_path):
    cached(site).write_bytes(MAGIC_NUMBER)
    assert compiled.keep(site, tmp_path / "kept.zip") == 1


def test_one_that_is_never_compared_is_not_kept(compiled, site, tmp_path):
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(site / "shop/price.py"), cfile=str(cached(site)), invalidation_mode=mode)
    assert compiled.keep(site, tmp_path / "kept.zip") == 1
