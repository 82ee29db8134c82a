"""The commands of this project: `python3 drive.py <session>`, or `nox -s <session>` where nox is installed.

Every session installs from a lock with hashes (`requirements/`), keeps its environment for the next time, and needs
nothing but nox itself; with uv at hand the environments are made in seconds, without it pip makes the same ones.
"""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

ROOT = Path(__file__).parent

# uv trusts a list of authorities of its own. Where the machine keeps one, that one counts, as it does for pip and git:
# many companies add theirs to it.
if ssl.get_default_verify_paths().cafile:
    os.environ.setdefault("UV_SYSTEM_CERTS", "1")
MINORS = ("3.11", "3.12", "3.13", "3.14")

# Each lock and what it is made of. The first is solved alone and constrains the others, so that one package has one
# version in the whole project.
LOCKS = {
    "test": [
        "pyproject.toml",
        "--extra=standard",
        "--extra=evidently",
        "--extra=hamilton",
        "--extra=polars",
        "--extra=template",
        "--group=test",
    ],
    "lint": ["pyproject.toml", "--extra=table", "--group=lint", "--group=build"],
    "engines": ["pyproject.toml", "--extra=standard", "--extra=postgres", "--extra=spark", "--group=test-engines"],
    "models": [
        "pyproject.toml",
        "--extra=standard",
        "--extra=mlflow",
        "--extra=onnx",
        "--extra=signing",
        "--group=test-models",
    ],
    "demo": ["pyproject.toml", "--extra=template", "--group=demo"],
    "nox": ["--group=pyproject.toml:nox"],
    "mutate": ["pyproject.toml", "--group=mutate"],
    # What the actions install where a repo brings no environment of its own: the road alone, or with its engines.
    "core": ["pyproject.toml", "--group=build"],
    "standard": ["pyproject.toml", "--extra=standard", "--group=build"],
}


ENGINE_TESTS = [
    "tests/engines/test_drift_spark.py",
    "tests/engines/test_gx_postgres.py",
    "tests/engines/test_gx_spark.py",
    "tests/engines/test_postgres_stage.py",
    "tests/unit/validation/test_validation_cases.py",
]
"""Where tests are marked `spark` or `postgres`; a test holds this list to the files."""

MODEL_TESTS = [
    "tests/packages/test_card.py",
    "tests/packages/test_export.py",
    "tests/packages/test_mlflow.py",
    "tests/packages/test_signature.py",
]
"""Where tests are marked `models`; the same test holds this list to the files."""


def find_pythons() -> list[str]:
    """Tell which supported Pythons this machine can start; a shim without its Python does not count."""
    found = []
    for minor in MINORS:
        path = shutil.which(f"python{minor}")
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.append(minor)
    return found


def install(session: nox.Session, lock: str, *, project: bool = True) -> None:
    """Bring the session's environment in line with a lock and, unless told otherwise, with this checkout."""
    # Tests start hundreds of short programs, which import twice as fast from bytecode. Python writes it at the first
    # import where it may; to compile the whole environment at once took ten times as long as to install it.
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    # With it, `uv sync` in a repo that a test generates would sync this very environment.
    session.env["UV_PROJECT_ENVIRONMENT"] = None
    session.install("--require-hashes", "-r", f"requirements/{lock}.txt")
    if project:
        # The build tool comes from the lock as well, so nothing is fetched that is not pinned.
        session.install("--no-deps", "--no-build-isolation", "--editable", ".", silent=True)


@nox.session
def demo(session: nox.Session) -> None:
    """Generate a repo from this checkout's template, take it down the whole road, and leave it to play with."""
    install(session, "demo", project=False)
    session.run("python", "tools/demo.py")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests; what follows `--` goes to pytest."""
    install(session, "test")
    spread(session)


@nox.session(name="tests-fast", python=find_pythons())
def tests_fast(session: nox.Session) -> None:
    """Run the tests that take seconds, on each Python this machine has."""
    install(session, "test")
    quick = "not slow and not journey and not models and not spark and not postgres"
    spread(session, "-m", quick)


@nox.session(name="tests-engines")
def tests_engines(session: nox.Session) -> None:
    """Run the tests that need Spark (with Java) and a PostgreSQL server, which `tests` leaves out.

    The tests start the server themselves; they need its programs, such as Debian's package `postgresql` brings.
    """
    install(session, "engines")
    session.run("pytest", "-m", "spark or postgres", *(session.posargs or ENGINE_TESTS))


@nox.session(name="tests-models")
def tests_models(session: nox.Session) -> None:
    """Run the tests around models that `tests` leaves out: ONNX, MLflow's own server, signing, bills of materials."""
    install(session, "models")
    session.run("pytest", "-m", "models", *(session.posargs or MODEL_TESTS))


def spread(session: nox.Session, *chosen: str) -> None:
    """Run pytest on every core, unless the caller says how many or wants to debug."""
    own_choice = any(arg.startswith(("-n", "--numprocesses", "--pdb", "-s", "--capture")) for arg in session.posargs)
    if own_choice:
        session.run("pytest", *chosen, *session.posargs)
        return
    # A core that has a worker has no room for a second thread of its linear algebra: the two would spin for each other
    # and take twice the time. What tests start with an environment of its own keeps its threads.
    session.env["OPENBLAS_NUM_THREADS"] = "1"
    session.run("pytest", *chosen, "--numprocesses=auto", "--dist=worksteal", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, the direction of imports, and the workflows."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")
    workflows = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(".github/workflows/*.y*ml"))
    actions = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("actions/*/action.y*ml"))
    if workflows:
        session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    if actions:
        session.run("check-jsonschema", "--builtin-schema", "vendor.github-actions", *actions)
    if workflows or actions:
        # Without strict collection zizmor skips a file that it cannot read and calls the rest clean.
        session.run("zizmor", "--offline", "--strict-collection", "--persona=auditor", "--quiet", *workflows, *actions)
        session.run("python", "tools/lint_actions.py")
        session.run("python", "-m", "pavedroad", "lint", "workflows", *workflows, *actions)


@nox.session
def mutate(session: nox.Session) -> None:
    """Change the gate's decisions in every small way, and fail when the tests overlook too many of the changes."""
    install(session, "mutate")
    session.run("python", "tools/mutate.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, or those named after `--`; each prints its figures and fails beyond its bound."""
    install(session, "test")
    named = [Path(name) for name in session.posargs]
    scripts = named or sorted(path for path in ROOT.glob("benchmarks/*.py") if not path.name.startswith("_"))
    if not scripts:
        session.error("There is no benchmark in benchmarks/.")
    for script in scripts:
        session.run("python", str(script))


@nox.session(venv_backend="none")
def pin(session: nox.Session) -> None:
    """Write the pins of .github/pins.toml into actions and workflows; `-- owner/name=tag` takes a newer one."""
    session.run("python3", "tools/pin.py", *session.posargs, external=True)


@nox.session
def lock(session: nox.Session) -> None:
    """Solve requirements/*.txt again from pyproject.toml; `-- --upgrade` takes the newest versions."""
    session.install("--require-hashes", "-r", "requirements/nox.txt")
    for name, sources in LOCKS.items():
        constraint = [] if name == "test" else ["--constraints=requirements/test.txt"]
        session.run(
            "uv", "pip", "compile", *sources, *constraint,
            "--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-package=pavedroad",
            "--custom-compile-command=python3 drive.py lock", "--quiet",
            f"--output-file=requirements/{name}.txt", *session.posargs,
        )  # fmt: skip
