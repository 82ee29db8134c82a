"""Change the gate's decisions in every small way and tell which changes no test notices; ``nox -s mutate`` runs this.

mutmut makes the mutants and runs the tests (``[tool.mutmut]`` in ``pyproject.toml``); this counts and judges. A mutant
counts as noticed only when a test failed or its run never ended; one that no test reaches counts against us.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEAST = 0.95
NOTICED = ("killed", "timeout")


def main() -> int:
    """Run mutmut, print the figures, and end with 1 when too few mutants were noticed."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)  # it copies defaults.toml and the like only once
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    done = subprocess.run([mutmut, "run", *sys.argv[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print((done.stdout + done.stderr)[-3000:])
        return done.returncode
    subprocess.run([mutmut, "export-cicd-stats"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run([mutmut, "results"], cwd=ROOT, check=True)
    figures = json.loads((ROOT / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    print(json.dumps(figures, indent=2))
    noticed, total = sum(figures[name] for name in NOTICED), figures["total"]
    print(f"{noticed:,} of {total:,} mutants were noticed: {noticed / max(1, total):.1%}, at least {LEAST:.0%} wanted.")
    return 0 if total and noticed / total >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
