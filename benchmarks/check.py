"""The road on the example: how long the first check takes, and what a check with nothing to do adds to bare DVC."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _timing import Command, find_ratio, judge, leave, time_in_turn

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FIRST_BOUND, RATIO_BOUND = 60.0, 1.3

with tempfile.TemporaryDirectory() as folder:
    home = Path(folder) / "home"
    home.mkdir()
    environment = {"HOME": str(home), "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        [str(BIN / "pavedroad"), "new", "--no-input", "--json", "--into", folder],
        cwd=ROOT, env={"PATH": f"{BIN}:/usr/bin:/bin", **environment}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    repo = Path(folder) / "umbrella-sales"
    check = Command("pavedroad check", [str(BIN / "pavedroad"), "check"], repo, environment)
    bare = Command("dvc repro", [str(BIN / "dvc"), "repro"], repo, environment)
    (first,) = time_in_turn([Command("pavedroad check, the first", check.words, repo, environment)], runs=1, warm_ups=0)
    again, vendor = time_in_turn([check, bare], runs=15)
    leave(
        judge("first check, seconds", statistics.median(first.seconds), FIRST_BOUND, " s"),
        judge("check with nothing to do ÷ dvc repro with nothing to do", find_ratio(again, vendor), RATIO_BOUND),
    )
