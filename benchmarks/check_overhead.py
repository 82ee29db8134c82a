"""What `check` costs a pull request beside the user's training, against the same gates wired by hand.

Both run under `act` on the same repo and machine, in turns, with a warm uv cache; the median of the rounds counts. The
road runs once as a pull request that changes nothing that was made before (its stages come from the cache of earlier
runs) and once with an empty cache. The user's training is taken off in each case, by what the run itself measured.

Bounds: at most 25 s with the earlier cache, and at least twice as fast as by hand.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pavedroad.testing import Act, FakeGitHub, pull_request, stage_road

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "acme/umbrella-sales"
ROUNDS = int(os.environ.get("PAVEDROAD_BENCH_ROUNDS", "3"))
LIMIT_S, LEAST_RATIO = 25.0, 2.0


def main():
    """Run all three in turns, print the table and judge it by the bounds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        repo = generate(place)
        ref = re.search(r"check\.yml@(\S+)", (repo / ".github/workflows/check.yml").read_text())[1]
        road = stage_road(ROOT, place / "road", name="org/pavedroad", ref=ref)
        taken = {"by hand": [], "road, nothing cached": [], "road, as a pull request": []}
        with FakeGitHub(place / "github", REPOSITORY) as github:
            github.receive(repo)
            act = Act(road, github, place / "runs")
            warm = place / "warm"
            measure(act, repo, "check.yml", warm)  # fills the cache, as the run on the default branch does
            for round_ in range(ROUNDS):
                seconds, training = measure(act, repo, "by_hand.yml", place / f"hand-{round_}")
                taken["by hand"].append(seconds - training)
                # The road trains by the same function on the same rows, so the same time is taken off.
                cold, _ = measure(act, repo, "check.yml", place / f"cold-{round_}")
                taken["road, nothing cached"].append(cold - training)
                again, _ = measure(act, repo, "check.yml", warm)
                taken["road, as a pull request"].append(again)
    return judge({name: statistics.median(values) for name, values in taken.items()})


def generate(place):
    """The example, once down its road, with the gates by hand beside it."""
    program = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("VIRTUAL_ENV", None)
    bake = [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(place), str(ROOT)]
    run([*bake, "max_latency_ms=60000", f"road_repository={ROOT}"], place, environment)
    repo = place / "umbrella-sales"
    run(["uv", "run", "--locked", "pavedroad", "check"], repo, environment)
    shutil.copytree(ROOT / "benchmarks/by_hand", repo / "by_hand", ignore=shutil.ignore_patterns("*.yml", "*.md"))
    shutil.copyfile(ROOT / "benchmarks/by_hand/by_hand.yml", repo / ".github/workflows/by_hand.yml")
    run(["git", "add", "--all"], repo, environment)
    run(["git", "commit", "--quiet", "--message", "Record the model"], repo, environment)
    return repo


def measure(act, repo, workflow, state):
    """Seconds of all steps of the job that judges, and of the user's training among them where that is known."""
    done = act.run(repo, workflow, pull_request(REPOSITORY), state=state)
    assert done.ok, done
    job = "check" if workflow == "by_hand.yml" else "Road"
    steps = [
        record["executionTime"] / 1e9
        for record in done.records
        if str(record.get("job", "")).rpartition("/")[2] == job
        and record.get("stage") == "Main"
        and "executionTime" in record
        and len(record.get("stepID", [])) == 1
    ]
    file = done.artifact("by-hand") / "train.json"
    return sum(steps), json.loads(file.read_text())["seconds"] if file.is_file() else 0.0


def run(command, folder, environment):
    """Run a program to its end."""
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def judge(medians):
    """Print the table; 1 when a bound is not kept."""
    ratio = medians["by hand"] / medians["road, as a pull request"]
    for name, seconds in medians.items():
        print(f"{name:28} {seconds:6.1f} s")
    print(f"\nby hand / road, as a pull request: {ratio:.2f} (at least {LEAST_RATIO})")
    print(f"by hand / road, nothing cached:    {medians['by hand'] / medians['road, nothing cached']:.2f}")
    kept = ratio >= LEAST_RATIO and medians["road, as a pull request"] <= LIMIT_S
    print("Within bounds." if kept else f"OUT OF BOUNDS: {LIMIT_S:g} s and {LEAST_RATIO:g} times.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
