"""What `pavedroad gate` costs on reports that are there, as a whole process, beside a Python that does nothing.

The repo is laid by hand, as the tests of the gate lay it: six reports, a lock, a policy; git is asked for its state.
The bound is on processor time, git's included, because the clock on the wall tells how busy the machine is.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _timing import judge, leave

BOUND, RUNS = 0.5, 7
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "gate"))

from gate_road import FILES, Road  # noqa: E402


def take(words, cwd):
    """Processor and wall seconds of one run."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, cwd=cwd, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - clock


def main():
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        Road(root).lay()
        road = [str(Path(sys.executable).with_name("pavedroad")), "gate"]
        take(road, root)
        idle = min(take([sys.executable, "-c", "pass"], root) for _ in range(RUNS))
        gate = min(take(road, root) for _ in range(RUNS))
    for name, (used, wall) in (("python -c pass", idle), ("pavedroad gate", gate)):
        print(f"{name:<20} {used:.3f} s of processor time, {wall:.3f} s on the wall (the cheapest of {RUNS})")
    leave(judge("pavedroad gate, processor time", gate[0], BOUND, " s"))


if __name__ == "__main__":
    main()
