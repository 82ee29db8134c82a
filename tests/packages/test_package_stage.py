"""The package that the road makes: everything in it, the same bytes again, and nothing half-written."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_repo import walk

from pavedroad.errors import PackageError
from pavedroad.foundation.package.envelope import open_package
from pavedroad.report import Outcome

FILES = {
    "bom.json",
    "card.html",
    "card.md",
    "environment.txt",
    "lineage.json",
    "metrics.json",
    "model.skops",
    "package.json",
    "profile.json",
    "reference.json",
    "signature.json",
}
HERE = str(Path(__file__).parent)


def test_a_package_holds_the_model_and_all_that_is_known_about_it(finished):
    found = open_package(finished / "package")
    assert set(found.manifest.files) == FILES
    assert found.manifest.name == "beans"
    assert [column.name for column in found.signature.inputs] == ["weight", "height"]
    assert found.signature.features == ["weight", "height"]
    assert found.lineage.steps[0].inputs[0].path == "data/beans.csv"
    assert found.profile.rows == 160
    facts = found.facts
    assert (facts.owner, facts.rows, facts.confidence, facts.parameters) == ("the team", 40, 0.9, {"alpha": 1.5})
    assert facts.estimator == "sklearn.linear_model._ridge.Ridge"
    assert facts.environment["scikit-learn"] in (finished / "package" / "environment.txt").read_text()
    assert {measure.id for measure in facts.measures} >= {"metric.model", "metric.improvement"}
    assert all(measure.low <= measure.value <= measure.high for measure in facts.measures)


def test_a_package_gives_its_model_back(finished):
    import pandas as pd

    model = open_package(finished / "package").load_model()
    assert model.predict(pd.DataFrame({"weight": [5.0], "height": [3.0]}))[0] == pytest.approx(53, abs=15)


def test_the_same_commit_data_and_lock_give_the_same_package(finished, repo):
    walk(repo)
    assert open_package(repo / "package").digest == open_package(finished / "package").digest


@pytest.mark.parametrize("change", ["data/beans.csv", "src/beans/own.py", "params.yaml"])
def test_other_data_code_or_parameters_give_another_package(finished, repo, change):
    path = repo / change
    path.write_text(
        path.read_text().replace("1.5\n", "2.5\n") if "params" in change else path.read_text() + _more(path)
    )
    walk(repo)
    assert open_package(repo / "package").digest != open_package(finished / "package").digest


def _more(path):
    return "\n# more\n" if path.suffix == ".py" else "5.0,3.0,53.0\n"


def test_a_package_that_lost_its_facts_says_so(repo):
    (repo / "package" / "package.json").unlink()
    with pytest.raises(PackageError, match="missing"):
        open_package(repo / "package")


def test_nothing_is_packed_from_a_model_that_somebody_changed(repo):
    with (repo / "model" / "model.skops").open("ab") as file:
        file.write(b"x")
    before = listing(repo)
    report = walk(repo, ["package"])["package"]
    assert report.outcome is Outcome.ERROR
    assert "not the one that was packed" in report.summary
    assert listing(repo) == before


def test_nothing_is_packed_after_an_evaluation_that_failed(repo):
    path = repo / "reports" / "evaluate.json"
    document = json.loads(path.read_text())
    document["outcome"] = document["checks"][0]["outcome"] = "fail"
    path.write_text(json.dumps(document))
    assert walk(repo, ["package"])["package"].outcome is Outcome.ERROR


def listing(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if "__pycache__" not in path.parts)


# --- nothing half-written -------------------------------------------------------------------------------------------

PROGRAM = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
{before}
from small_repo import walk
report = walk(Path(sys.argv[1]), ["package"])["package"]
print(report.outcome.value, report.summary)
"""


def pack_apart(repo, before="", **options):
    program = PROGRAM.format(here=HERE, before=before)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(repo)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.parametrize("limit", [100, 700, 1500])
def test_a_disk_that_is_full_leaves_the_old_package_and_nothing_else(repo, limit):
    """The size of a file is limited, so that writing fails in the middle of one, as it does on a full disk."""
    before, digest = listing(repo), open_package(repo / "package").digest

    def forbid_large_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = pack_apart(repo, preexec_fn=forbid_large_files, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    said, wrong = process.communicate(timeout=120)
    assert process.returncode != 0 or "error" in said, said + wrong
    assert open_package(repo / "package").digest == digest
    after = [name for name in listing(repo) if not name.startswith("reports/")]
    assert after == [name for name in before if not name.startswith("reports/")]


def test_the_twin_with_room_enough_packs(repo):
    said, wrong = pack_apart(repo).communicate(timeout=120)
    assert said.startswith("pass"), said + wrong


@pytest.mark.parametrize("moment", ["write_manifest", "_describe", "open_package"])
def test_an_interruption_leaves_the_old_package_and_nothing_else(repo, moment):
    before, digest = listing(repo), open_package(repo / "package").digest
    stop = f"""
import time
import pavedroad.stages.package as stage
def stop(*_, **__):
    print('now', flush=True)
    time.sleep(60)
stage.{moment} = stop
"""
    process = pack_apart(repo, before=stop)
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert open_package(repo / "package").digest == digest
    assert [name for name in listing(repo) if "package" in name and "reports" not in name] == [
        name for name in before if "package" in name and "reports" not in name
    ]
