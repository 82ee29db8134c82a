"""The package that the road makes: everything in it, the same bytes again, and nothing half-written."""

import json
import os
import resource
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest
from small_repo import walk

from pavedroad.errors import PackageError
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.standards import Scene, decide_more
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, read_report

FILES = {
    "bom.json",
    "card.html",
    "card.md",
    "environment.txt",
    "lineage.json",
    "metrics.json",
    "predicted.json",
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


def decide(root, **keys):
    """The decisions that a policy asks for, over the report that the stage itself left."""
    policy = msgspec.structs.replace(find_project(root).config.gate, champion="off", **keys)
    report = read_report(root / "reports" / "package.json")
    scene = Scene(policy, Evidence([], {"package": report}, ""), Found("compare"), "", "x", "lower", 0.0, date.today())
    (check,) = decide_more(scene)
    return check


def test_the_gate_judges_the_card_by_what_the_stage_found(repo):
    assert decide(repo, card=["intended_use", "owner", "metrics", "limits"]).outcome is Outcome.PASS
    missing = decide(repo, card=["owner", "ethics", "contact"])
    assert (missing.outcome, missing.reason) == (Outcome.FAIL, "The card does not say: ethics, contact.")
    config = repo / "pavedroad.toml"
    words = '[project.card]\nethics = "Nobody is harmed by a jar."\ncontact = "beans@example.org"\n[objective]'
    config.write_text(config.read_text().replace("[objective]", words))
    walk(repo, ["package"])
    assert decide(repo, card=["owner", "ethics", "contact"]).outcome is Outcome.PASS
    assert "Nobody is harmed by a jar." in (repo / "package" / "card.html").read_text()


def test_the_gate_judges_the_licences_that_the_stage_found(finished):
    listed = ["MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "0BSD", "Zlib", "CC0-1.0", "PSF-2.0"]
    assert decide(finished, licences=listed).outcome is Outcome.PASS
    strange = decide(finished, licences=[name for name in listed if name != "BSD-3-Clause"])
    assert strange.outcome is Outcome.FAIL
    assert "joblib (BSD-3-Clause)" in strange.reason


def test_a_waiver_of_the_policy_is_told_by_the_package_and_its_card(finished, repo):
    entry = 'check = "gate.size", reason = "The shop opens today.", by = "@ada", until = "2026-03-31"'
    config = repo / "pavedroad.toml"
    config.write_text(config.read_text() + f"waiver = [{{{entry}}}]\n")
    report = walk(repo, ["package"])["package"]
    assert report.outcome is Outcome.WARN
    (told,) = [check for check in report.checks if check.outcome is Outcome.WARN]
    assert told.reason == "gate.size until 2026-03-31 by @ada: The shop opens today."
    for page in ("card.md", "card.html"):
        assert "The shop opens today" in (repo / "package" / page).read_text()
        assert "aiver" not in (finished / "package" / page).read_text()
    assert open_package(repo / "package").digest != open_package(finished / "package").digest


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
    assert "The system refused: File too large." in said or "OSError" in wrong, said + wrong
    assert "pavedroad itself" not in said
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
