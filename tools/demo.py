"""Generate the example's repo from this checkout and take it down the road: what `python3 drive.py demo` runs.

The repo stands in `demo/umbrella-sales` and is yours: edit it, run the demo again, and only what you changed runs
again. When the template itself has changed the repo is made anew. Nobody's edits are lost by that: a repo that was
touched is moved aside under another name, and the demo says so.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "umbrella-sales"
REPORT = "reports/report.html"
# What a generated repo is made from. The library's code is not among them, because the repo uses it in place; its
# dependencies are, because the repo locks them.
INGREDIENTS = ("cookiecutter.json", "hooks", "<<cookiecutter.project>>", "pavedroad_template")
# What the road itself writes into a repo beside the files that git ignores.
WRITTEN_BY_THE_ROAD = {"dvc.lock", "reports/metrics.json", "reports/schema.json", "reports/drift-sizes.json"}
# What a session sets for its own environment. uv would take it for the repo's, and install the repo in there.
OF_THIS_SESSION = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "PYTHONPATH", "PYTHONHOME"}

State = Literal["absent", "current", "untouched", "edited"]


def main() -> int:
    """Generate the repo unless it stands already, run its check, and return the check's exit code."""
    folder = ROOT / "demo"
    repo = folder / PROJECT
    note = folder / f".{PROJECT}.json"
    recipe = hash_template(ROOT)
    state = look(repo, note, recipe)
    if state == "current":
        say(f"Using the repo in {show(repo)} as it stands.")
    else:
        make_room(repo, state)
        say(f"Generating a repo into {show(repo)} …")
        generate(folder, note, recipe)
    environment = repo_environment()
    if not (repo / "uv.lock").exists():
        say("Locking the repo's dependencies …")
        run(["uv", "lock"], repo, environment)
    if not (repo / ".venv").exists():
        say("Installing the repo's own environment (once; about 700 MB on disk) …")
    install(repo, environment)
    say("Driving the whole road: pavedroad check")
    check = ["uv", "run", "--locked", "pavedroad", "check"]
    (repo / REPORT).unlink(missing_ok=True)
    code = subprocess.run(check, cwd=repo, env=environment, check=False).returncode
    if (repo / REPORT).exists():
        print(next_steps(repo))
    return code


def hash_template(root: Path) -> str:
    """Return one hash over everything that decides how a generated repo looks, file names included."""
    digest = hashlib.sha256()
    for name in INGREDIENTS:
        top = root / name
        files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in files:
            if "__pycache__" in path.parts:
                continue
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    digest.update(json.dumps(project, sort_keys=True).encode())
    return digest.hexdigest()


def look(repo: Path, note: Path, recipe: str) -> State:
    """Tell what stands where the repo should be.

    A generation that was interrupted counts as untouched: its note says that it was never finished.
    """
    if not repo.exists():
        return "absent"
    try:
        made = json.loads(note.read_text(encoding="utf-8"))
        finished, made_from = bool(made["finished"]), str(made["template"])
    except (OSError, ValueError, TypeError, KeyError):
        # Not ours, or not known to be: it is treated as somebody's work.
        return "edited"
    if not finished:
        return "untouched"
    if made_from == recipe:
        return "current"
    return "edited" if has_edits(repo) else "untouched"


def has_edits(repo: Path) -> bool:
    """Tell whether somebody worked in the repo: a commit after the first, or a file that differs from it."""
    commits = ask_git(repo, "rev-list", "--count", "--all")
    changed = ask_git(repo, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    if commits is None or changed is None or commits.strip() != "1":
        return True
    paths = {entry[3:] for entry in changed.split("\0") if entry}
    return bool(paths - WRITTEN_BY_THE_ROAD)


def ask_git(repo: Path, *arguments: str) -> str | None:
    """Return what git prints about exactly this folder, or nothing if it is not a repository of its own."""
    environment = os.environ | {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(repo), "GIT_OPTIONAL_LOCKS": "0"}
    answer = subprocess.run(["git", *arguments], cwd=repo, env=environment, capture_output=True, text=True, check=False)
    return answer.stdout if answer.returncode == 0 else None


def make_room(repo: Path, state: State) -> None:
    """Clear the repo's place: remove what nobody touched, move aside what somebody did."""
    if state == "untouched":
        say("The template has changed and the repo was not edited, so it is made anew.")
        shutil.rmtree(repo)
    elif state == "edited":
        aside = next(
            path for number in range(1, 10_000) if not (path := repo.with_name(f"{PROJECT}-kept-{number}")).exists()
        )
        say(f"The template has changed. Your edited repo is kept: it is now {show(aside)}.")
        # An environment cannot be moved; the first `uv run` in there makes it again.
        shutil.rmtree(repo / ".venv", ignore_errors=True)
        repo.rename(aside)


def generate(folder: Path, note: Path, recipe: str) -> None:
    """Bake the template of this checkout with its defaults; the new repo uses this checkout as its road."""
    folder.mkdir(exist_ok=True)
    write_note(note, recipe, finished=False)
    answers = [f"project={PROJECT}", f"road_repository={ROOT}"]
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(folder), str(ROOT), *answers]
    run(command, ROOT, repo_environment())
    write_note(note, recipe, finished=True)


def write_note(note: Path, recipe: str, *, finished: bool) -> None:
    """Write down what the repo was made from, beside it, so that the repo itself holds nothing but its own files."""
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps({"template": recipe, "finished": finished}) + "\n", encoding="utf-8")
    fresh.replace(note)


def repo_environment() -> dict[str, str]:
    """Return the environment for programs that work in the repo: this Python, and an environment of the repo's own."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_SESSION}
    return environment | {"UV_PYTHON": os.path.realpath(sys.executable)}


def install(repo: Path, environment: dict[str, str]) -> None:
    """Bring the repo's environment in line with its lock; show what is fetched, but not the list of 130 packages."""
    command = ["uv", "sync", "--locked"]
    with subprocess.Popen(command, cwd=repo, env=environment, stderr=subprocess.PIPE, text=True) as uv:
        for line in uv.stderr or ():
            if not line.startswith((" + ", " - ", " ~ ")):
                print(line, end="", flush=True)
    stop_if_failed(command, uv.returncode)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run a program to its end; if it fails, stop with its exit code, for it has said why itself."""
    stop_if_failed(command, subprocess.run(command, cwd=folder, env=environment, check=False).returncode)


def stop_if_failed(command: list[str], code: int) -> None:
    """End the demo when one of its programs failed."""
    if code:
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise SystemExit(f"demo: stopped, because `{name}` ended with exit code {code}; its message is above.")


def next_steps(repo: Path) -> str:
    """Return what to try next, with commands that work as they stand."""
    where = show(repo)
    return f"""
The repo is yours to play with: {where}
  read      {where}/{REPORT}, in a browser
  change    {where}/src/umbrella_sales/features.py or model.py, then run the demo again: only what changed runs
  be told   set max_latency_ms = 0.001 in {where}/pavedroad.toml and run the demo again: the gate says no
"""


def show(path: Path) -> str:
    """Return a path as the reader would type it from here."""
    return os.path.relpath(path)


def say(text: str) -> None:
    """Print one line of progress at once, also where the output is not a terminal."""
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        sys.exit(130)
