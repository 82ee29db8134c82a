"""Change the gate's decisions in every small way and tell which changes no test notices; ``nox -s mutate`` runs this.

mutmut makes the mutants, runs the tests (``[tool.mutmut]`` in ``pyproject.toml``), shows how far it is and keeps what
came of each mutant in ``mutants/``; this counts and judges. An interrupted run goes on where it stopped, as long
as no source, test or setting has changed since. A mutant counts as noticed only when a test failed or its run never
ended; one that no test reaches, or that was not tried, counts against us.

    python tools/mutate.py                        # all decisions
    python tools/mutate.py groups scene           # two modules of foundation/gate, tried anew
    python tools/mutate.py --processes 1 groups   # and how many at once; as many as there are processors unless told
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "mutants"
PACKAGE = "pavedroad.foundation.gate"
LEAST = 0.95
NOTICED = frozenset({1, 3, -24, 24, 36, 152, 255})
"""mutmut's codes of a failed test, and of a run that took too long; None stands for a mutant that was not tried."""


def main() -> int:
    """Run mutmut, print the figures, and end with 1 when too few mutants were noticed."""
    parser = argparse.ArgumentParser(description="Change the gate's decisions and see whether a test notices.")
    parser.add_argument("modules", nargs="*", help="modules of foundation/gate, tried anew; none: all, going on")
    parser.add_argument("--processes", type=int, default=None, help="mutants that are tried at once")
    chosen = parser.parse_args()
    prepare(FOLDER, digest_inputs(ROOT))
    words = ["run", *(f"{PACKAGE}.{module}.*" for module in chosen.modules)]
    words += [] if chosen.processes is None else ["--max-children", str(chosen.processes)]
    done = subprocess.run([str(Path(sys.executable).with_name("mutmut")), *words], cwd=ROOT, check=False)
    if done.returncode != 0:
        return done.returncode
    return judge(read_results(FOLDER, chosen.modules))


def digest_inputs(root: Path) -> str:
    """One digest of everything that decides what comes of a mutant."""
    found = sorted(
        path for folder in ("src", "tests/unit/gate") for path in (root / folder).rglob("*") if path.is_file()
    )
    total = hashlib.sha256()
    for path in [*found, root / "tests" / "conftest.py", root / "pyproject.toml", root / "requirements" / "mutate.txt"]:
        if "__pycache__" not in path.parts and path.is_file():
            total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def prepare(folder: Path, digest: str) -> None:
    """Keep what an earlier run found if it was about the same inputs, and begin anew if not."""
    note = folder / "inputs.sha256"
    if note.is_file() and note.read_text(encoding="utf-8") == digest:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    note.write_text(digest, encoding="utf-8")


def read_results(folder: Path, modules: Iterable[str] = ()) -> dict[str, int | None]:
    """What came of each mutant, by its name: mutmut's code, or None where it was not tried."""
    chosen = tuple(f"{PACKAGE}.{module}." for module in modules) or ("",)
    results = {}
    for path in sorted(folder.rglob("*.py.meta")):
        results.update(json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"])
    return {name: code for name, code in results.items() if name.startswith(chosen)}


def judge(results: dict[str, int | None]) -> int:
    """Print which mutants nobody noticed and the share by module; 1 when it is too small anywhere, else 0."""
    for name, code in results.items():
        if code not in NOTICED:
            print(f"{'not tried' if code is None else 'not noticed'}: {name}")
    total = Counter(name.removeprefix(f"{PACKAGE}.").partition(".")[0] for name in results)
    noticed = Counter(
        name.removeprefix(f"{PACKAGE}.").partition(".")[0] for name, code in results.items() if code in NOTICED
    )
    for module in total:
        print(f"{module}: {noticed[module]:,} of {total[module]:,} mutants were noticed.")
    share = noticed.total() / total.total() if total else 0.0
    print(f"In all {noticed.total():,} of {total.total():,}: {share:.1%}; at least {LEAST:.0%} wanted in each module.")
    return 0 if total and all(noticed[module] / total[module] >= LEAST for module in total) else 1


if __name__ == "__main__":
    sys.exit(main())
