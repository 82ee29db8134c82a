"""The repository's own rules. Each rule is a function that lists offences; it is asked about this checkout, where it
must find none, and about a small world that breaks the rule, where it must find exactly that.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import dependency_groups
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LONGEST_MODULE = 400
# Written in parts, so that this file does not hold the names it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
        ("anaconda", "org"), ("crates", "io"), ("debian", "org"), ("golang", "org"), ("maven", "org"),
        ("docker", "io"), ("rubygems", "org"),
    )
]  # fmt: skip


def tracked(root: Path) -> dict[str, bytes]:
    """The content of every file that git tracks and that stands in the work tree, by its path."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    names = [os.fsdecode(name) for name in answer.stdout.split(b"\0") if name]
    return {name: (root / name).read_bytes() for name in names if (root / name).is_file()}


def find_registries(files: dict[str, bytes]) -> list[str]:
    return sorted(
        f"{name}: {host}" for name, content in files.items() for host in REGISTRIES if host.encode() in content
    )


def find_locks_of_one_machine(files: dict[str, bytes]) -> list[str]:
    return sorted(name for name in files if Path(name).name in {"uv.lock", "poetry.lock", "Pipfile.lock"})


def find_long_modules(files: dict[str, bytes]) -> list[str]:
    modules = {name: content for name, content in files.items() if name.startswith("src/") and name.endswith(".py")}
    return sorted(name for name, content in modules.items() if content.count(b"\n") > LONGEST_MODULE)


def find_unhashed(lock: str) -> list[str]:
    """The entries of a lock that are not pinned to one version and bound to at least one hash."""
    text = re.sub(r"\\\n", " ", lock)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [
        line for line in lines if not re.fullmatch(r"[\w.-]+==[^\s;]+( ;[^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)
    ]


def pins(lock: str) -> dict[str, list[str]]:
    """The versions a lock gives each package; several where the Python version decides."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def find_out_of_step(sources: list[str], lock: str, pyproject: dict) -> list[str]:
    """The direct dependencies, of what a lock is made of, that the lock lacks or holds in a version out of range."""
    held = pins(lock)
    return [
        str(wanted)
        for wanted in direct_dependencies(sources, pyproject)
        if not any(wanted.specifier.contains(version) for version in held.get(canonicalize_name(wanted.name), []))
    ]


def direct_dependencies(sources: list[str], pyproject: dict) -> list[Requirement]:
    project = pyproject["project"]
    lines = list(project["dependencies"]) if "pyproject.toml" in sources else []
    for source in sources:
        kind, _, name = source.partition("=")
        if kind == "--extra":
            lines += expand_extra(name, project)
        elif kind == "--group":
            lines += dependency_groups.resolve(pyproject["dependency-groups"], name.rpartition(":")[2])
    return [Requirement(line) for line in lines]


def expand_extra(extra: str, project: dict) -> list[str]:
    lines = []
    for line in project["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name == project["name"]:
            lines += [inner for name in sorted(requirement.extras) for inner in expand_extra(name, project)]
        else:
            lines.append(line)
    return lines


def commands_for_readers(readme: str) -> list[str]:
    """The lines of the first shell block under "The two commands"."""
    block = re.search(r"^## The two commands\n.*?```sh\n(.*?)```", readme, flags=re.DOTALL | re.MULTILINE)
    return [line for line in block[1].splitlines() if line.startswith("python3 ")] if block else []


def find_undocumented(sessions: list[str], contributing: str) -> list[str]:
    return [name for name in sessions if f"`{name}`" not in contributing]


def find_misnamed_fragments(names: list[str]) -> list[str]:
    return [name for name in names if not re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed)\.md", name)]


@pytest.fixture(scope="module")
def files():
    return tracked(ROOT)


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def noxfile():
    spec = importlib.util.spec_from_file_location("project_noxfile", ROOT / "noxfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_tracked_file_names_a_package_registry(files):
    assert find_registries(files) == []


def test_a_registry_in_a_lock_would_be_found():
    host = REGISTRIES[0]
    assert find_registries({"a.txt": f"--index-url https://{host}/simple".encode()}) == [f"a.txt: {host}"]


def test_no_lock_of_one_machine_is_tracked(files):
    assert find_locks_of_one_machine(files) == []


def test_a_tracked_uv_lock_would_be_found():
    assert find_locks_of_one_machine({"demo/uv.lock": b""}) == ["demo/uv.lock"]


def test_modules_stay_short_enough_to_read_in_one_go(files):
    assert find_long_modules(files) == []


def test_a_long_module_would_be_found():
    long = {"src/a.py": b"\n" * (LONGEST_MODULE + 1), "src/b.py": b"\n" * LONGEST_MODULE, "tests/c.py": b"\n" * 999}
    assert find_long_modules(long) == ["src/a.py"]


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_every_entry_of_a_lock_is_pinned_and_hashed(name):
    lock = (ROOT / "requirements" / name).read_text()
    assert len(pins(lock)) >= 3
    assert find_unhashed(lock) == []


@pytest.mark.parametrize(
    "entry",
    ["nox==1.0", "nox>=1 --hash=sha256:" + "0" * 64, "--find-links wheels", "nox==1.0 --hash=md5:00", "-e ."],
)
def test_an_entry_without_pin_or_hash_would_be_found(entry):
    assert find_unhashed(f"# comment\n{entry}\n    # via x\n") == [entry]


def test_there_is_a_lock_for_every_recipe_and_no_other(noxfile):
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == set(noxfile.LOCKS)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "requirements").glob("*.txt")))
def test_a_lock_holds_what_pyproject_asks_for(name, noxfile, pyproject):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert len(direct_dependencies(noxfile.LOCKS[name], pyproject)) >= 2
    assert find_out_of_step(noxfile.LOCKS[name], lock, pyproject) == []


def test_a_dependency_that_is_not_locked_would_be_found():
    pyproject = {
        "project": {"name": "p", "dependencies": ["a>=2"], "optional-dependencies": {"x": ["p[y]"], "y": ["b<1"]}},
        "dependency-groups": {"g": ["c", {"include-group": "h"}], "h": ["d"]},
    }
    sources = ["pyproject.toml", "--extra=x", "--group=g"]
    assert find_out_of_step(sources, "a==1.0 \\\nb==0.9 \\\nc==5 \\\n", pyproject) == ["a>=2", "d"]


def test_ci_runs_the_commands_that_the_readme_promises():
    commands = commands_for_readers((ROOT / "README.md").read_text())
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands == ["python3 drive.py demo", "python3 drive.py tests"]
    assert next(line for line in lines if line in commands) == commands[0]
    assert lines[-1] == commands[1], "The log of CI ends with the result of the tests."


def test_a_readme_with_other_commands_would_be_noticed():
    readme = "## The two commands\n\nText.\n\n```sh\npython3 drive.py trial   # a note\n```\n"
    assert commands_for_readers(readme) == ["python3 drive.py trial   # a note"]


def test_ci_is_executable_and_is_valid_bash():
    entry = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert entry.stdout.startswith("100755 ")
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False).returncode == 0


def test_every_session_is_explained_to_contributors(noxfile):
    from nox.registry import get  # The sessions of the noxfile that was just imported.

    assert "tests-fast" in get()
    assert find_undocumented(list(get()), (ROOT / "CONTRIBUTING.md").read_text()) == []


def test_no_test_is_left_out_by_every_session(noxfile):
    """What `tests` leaves out runs in `tests-engines` or `tests-models`, all of it, and CI runs all three."""
    assert find_marked(ROOT / "tests", "spark", "postgres") == sorted(noxfile.ENGINE_TESTS)
    assert find_marked(ROOT / "tests", "models") == sorted(noxfile.MODEL_TESTS)
    sessions = re.findall(r"^python3 drive\.py ([\w-]+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert {"tests-engines", "tests-models", "tests"} <= set(sessions)


def test_a_marked_test_that_no_session_runs_would_be_found(world):
    folder = world(
        {
            "tests/a/test_a.py": "pytestmark = pytest.mark.spark\n",
            "tests/test_b.py": "@pytest.mark.postgres\ndef test_b(): ...\n",
            "tests/test_c.py": "@pytest.mark.slow\ndef test_c(): ...\n",
        }
    )
    assert find_marked(folder / "tests", "spark", "postgres") == ["tests/a/test_a.py", "tests/test_b.py"]


def find_marked(folder: Path, *names: str) -> list[str]:
    """The test files in which one of these marks is set."""
    marks = re.compile(rf"\bpytest\.mark\.({'|'.join(names)})\b")
    return sorted(
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("test_*.py")
        if path.name != "test_repository.py" and marks.search(path.read_text(encoding="utf-8"))
    )


def test_an_unexplained_session_would_be_found():
    assert find_undocumented(["lint", "tests"], "Run `lint`; and tests.") == ["tests"]


def test_changelog_fragments_are_named_by_kind():
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert find_misnamed_fragments(names) == []


def test_a_misnamed_fragment_would_be_found():
    assert find_misnamed_fragments(["a-road.added.md", "Road.md", "x.removed.md"]) == ["Road.md", "x.removed.md"]


def test_imports_point_one_way_and_every_package_has_its_layer(pyproject):
    contracts = {contract["id"]: contract for contract in pyproject["tool"]["importlinter"]["contracts"]}
    assert contracts["layers"]["exhaustive"] is True
    assert contracts["layers"]["containers"] == ["pavedroad"]
    assert lint_imports(ROOT).returncode == 0


def test_a_package_without_a_layer_breaks_the_contract(tmp_path):
    world = copy_of_source(tmp_path)
    (world / "src/pavedroad/stray.py").write_text('"""Nobody gave this module a layer."""\n')
    answer = lint_imports(world)
    assert answer.returncode == 1
    assert "stray" in answer.stdout


def test_an_import_against_the_direction_breaks_the_contract(tmp_path):
    world = copy_of_source(tmp_path)
    errors = world / "src/pavedroad/errors.py"
    errors.write_text(errors.read_text() + "\nimport pavedroad.config\n")
    answer = lint_imports(world)
    assert answer.returncode == 1
    assert "pavedroad.errors -> pavedroad.config" in answer.stdout


def copy_of_source(folder: Path) -> Path:
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint_imports(root: Path) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    return subprocess.run(
        [program, "--no-cache"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def test_no_two_test_files_share_a_name():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert twice == [], "pytest takes the second for the first, and stops"
