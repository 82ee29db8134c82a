"""What the package offers, and no more."""

import subprocess
import sys
import types

import pavedroad


def test_the_package_offers_what_it_names_and_nothing_else():
    # Modules appear as attributes once somebody imports them; every other public name must be offered on purpose.
    public = {
        name
        for name, thing in vars(pavedroad).items()
        if not name.startswith("_") and not isinstance(thing, types.ModuleType)
    }
    assert public == set(pavedroad.__all__)


def test_the_names_are_unique_and_in_order():
    assert pavedroad.__all__ == sorted(set(pavedroad.__all__))


def test_a_fresh_import_shows_no_other_name():
    program = "import pavedroad; print(*sorted(n for n in vars(pavedroad) if not n.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - set(pavedroad.__all__) <= {"errors", "report"}


def test_the_package_says_that_it_is_typed():
    from importlib.resources import files

    assert files("pavedroad").joinpath("py.typed").is_file()


def test_python_m_pavedroad_is_the_command():
    done = subprocess.run([sys.executable, "-m", "pavedroad", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("pavedroad ")
