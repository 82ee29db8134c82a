"""How long `pavedroad --help` and `--version` take, as whole processes, beside a Python that does nothing."""

import statistics
import sys
from pathlib import Path

from _timing import Command, judge, leave, time_in_turn

HERE = Path(__file__).parent
BOUND = 0.150

road = str(Path(sys.executable).with_name("pavedroad"))
commands = [
    Command("python -c pass", [sys.executable, "-c", "pass"], HERE),
    *(Command(f"pavedroad {words}", [road, *words.split()], HERE) for words in ("--version", "--help", "check --help")),
]
_, *ours = time_in_turn(commands, runs=15)
leave(*(judge(f"{figure.name}, median seconds", statistics.median(figure.seconds), BOUND, " s") for figure in ours))
