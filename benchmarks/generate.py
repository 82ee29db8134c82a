"""How long it takes to generate a repository, against the bare tools it is made with.

The reference is what a person would do without the road: bake the same files with cookiecutter alone (no questions, no
rules, no hooks), `git init`, `dvc init`, `uv lock` when uv is there, and a first commit. Both run as whole processes,
alternately, and the ratio of the medians is printed. At most 2 is asked for.

    python benchmarks/generate.py [--runs 7] [--without-uv]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AT_MOST = 2.0


def main() -> int:
    """Print one line of JSON; 1 when the ratio is above what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--without-uv", action="store_true", help="leave the lock out, on both sides")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = prepare(place, with_uv=not options.without_uv)
        bare = make_bare_template(place, environment)
        times: dict[str, list[float]] = {"road": [], "bare": []}
        for number in range(options.runs + 1):  # the first of each warms the caches and is not counted
            road = measure([bake(ROOT, place / f"road{number}", place)], place, environment)
            repo = place / f"bare{number}" / "umbrella-sales"
            reference = measure([bake(bare, repo.parent, place)], place, environment)
            reference += measure(reference_steps(with_uv=not options.without_uv), repo, environment)
            if number:
                times["road"].append(road)
                times["bare"].append(reference)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["road"] / medians["bare"]
    print(
        json.dumps({"seconds": {k: round(v, 3) for k, v in medians.items()}, "ratio": round(ratio, 2), "most": AT_MOST})
    )
    return int(ratio > AT_MOST)


def prepare(place: Path, *, with_uv: bool) -> dict[str, str]:
    """An environment with a git identity, in which uv is found or is not."""
    (place / ".gitconfig").write_text("[user]\n\tname = Ada Example\n\temail = ada@example.org\n")
    (place / "cookiecutter.yaml").write_text(f'replay_dir: "{place}/replay"\ncookiecutters_dir: "{place}/clones"\n')
    programs = place / "bin"
    programs.mkdir()
    for name in ["git", *(["uv"] if with_uv else [])]:
        found = shutil.which(name)
        if found is None:
            raise SystemExit(f"{name} is needed on PATH for this measurement.")
        (programs / name).symlink_to(found)
    path = os.pathsep.join([str(programs), os.environ["PATH"]]) if with_uv else str(programs)
    return {**os.environ, "PATH": path, "GIT_CONFIG_GLOBAL": str(place / ".gitconfig"), "DVC_NO_ANALYTICS": "1"}


def make_bare_template(place: Path, environment: dict[str, str]) -> Path:
    """A template of the same files as the example's repository, which cookiecutter only copies and renders."""
    subprocess.run(bake(ROOT, place / "model", place), env=environment, check=True, capture_output=True)
    template = place / "template"
    repo = template / "{{cookiecutter.project}}"
    tracked = shutil.ignore_patterns(".git", "uv.lock", ".dvc", ".dvcignore")
    shutil.copytree(place / "model" / "umbrella-sales", repo, ignore=tracked)
    for caller in (repo / ".github" / "workflows").iterdir():
        caller.write_text(caller.read_text().replace("${{", "$ {").replace("}}", "}"))
    (template / "cookiecutter.json").write_text(json.dumps({"project": "umbrella-sales"}))
    return template


def bake(template: Path, out: Path, place: Path) -> list[str]:
    config = ["--config-file", str(place / "cookiecutter.yaml")]
    return [sys.executable, "-m", "cookiecutter", "--no-input", str(template), "-o", str(out), *config]


def reference_steps(*, with_uv: bool) -> list[list[str]]:
    git = ["git", "-c", "init.defaultBranch=main"]
    dvc = [str(Path(sys.executable).parent / "dvc"), "init", "--quiet"]
    lock = [["uv", "lock", "--quiet"]] if with_uv else []
    return [[*git, "init", "--quiet"], dvc, *lock, [*git, "add", "--all"], [*git, "commit", "--quiet", "-m", "Begin"]]


def measure(commands: list[list[str]], folder: Path, environment: dict[str, str]) -> float:
    """The seconds that the commands take, one after the other, each a process of its own."""
    start = time.perf_counter()
    for command in commands:
        done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed, so nothing was measured:\n{done.stderr}")
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
