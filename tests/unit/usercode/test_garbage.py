"""How often Python searches for garbage: seldom in a command, as ever in the repo's own functions."""

import gc
import subprocess
import sys

import pytest

from pavedroad.foundation.usercode.supervision import SELDOM, USUAL, collect_garbage


@pytest.fixture
def thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def fail_meanwhile(found):
    with collect_garbage():
        found += [gc.get_threshold()[0], gc.get_freeze_count()]
        raise ZeroDivisionError


def test_what_is_not_ours_is_searched_as_usual_and_what_comes_after_seldom(thresholds):
    gc.set_threshold(SELDOM)
    found = []
    with pytest.raises(ZeroDivisionError):
        fail_meanwhile(found)
    assert found[0] == USUAL[0]
    assert found[1] > 0
    assert (gc.get_threshold()[0], gc.get_freeze_count()) == (SELDOM, 0)


@pytest.mark.parametrize("own", [0, 1234, SELDOM - 1])
def test_a_program_that_searches_often_or_never_keeps_its_own_habit(thresholds, own):
    gc.set_threshold(own)
    with collect_garbage():
        assert gc.get_threshold()[0] == own
    assert gc.get_threshold()[0] == own


def count_found(run):
    """What searches found while that ran."""
    found = []
    watch = lambda phase, info: found.append(info["collected"]) if phase == "stop" else None  # noqa: E731
    gc.callbacks.append(watch)
    try:
        run()
    finally:
        gc.callbacks.remove(watch)
    return sum(found)


def leave_circles():
    for _ in range(20_000):
        circle = []
        circle.append(circle)


def leave_circles_meanwhile():
    with collect_garbage():
        leave_circles()


def test_circles_that_the_repos_functions_leave_are_found_as_they_come(thresholds):
    gc.collect()
    gc.set_threshold(SELDOM)
    assert count_found(leave_circles) == 0
    assert count_found(leave_circles_meanwhile) > 15_000


def test_a_command_searches_seldom():
    code = (
        "import atexit, gc, sys\nfrom pavedroad.cli import main\nsys.argv = ['pavedroad', '--version']\n"
        "atexit.register(lambda: print(gc.get_threshold()[0]))\nmain.run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) >= SELDOM
