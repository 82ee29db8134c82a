"""Runs at a real MLflow server on this machine: there once each, with all that was recorded, also after it was down."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import msgspec
import pytest
from small_repo import walk

from pavedroad.errors import TrackingError
from pavedroad.foundation.project import find_project
from pavedroad.foundation.tracking import find_unsent, list_runs, record_refused, send

pytestmark = [pytest.mark.models, pytest.mark.slow]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve(folder, port):
    """MLflow's own server over a database in ``folder``."""
    program = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--default-artifact-root", str(folder / "files")]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*program, *store], stdout=log, stderr=log, env={**os.environ, **quiet})
        try:
            end = time.monotonic() + 900  # it imports for seconds, and for minutes where others keep the machine busy
            while not answers(f"http://127.0.0.1:{port}/health"):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.3)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def answers(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    with serve(tmp_path_factory.mktemp("server"), port):
        yield f"http://127.0.0.1:{port}"


def point(repo, uri, experiment="", timeout=60):
    path = repo / "pavedroad.toml"
    text = path.read_text().partition("[tracking]")[0]
    settings = f'engine = "mlflow"\nuri = "{uri}"\nexperiment = "{experiment}"\ntimeout = {timeout}\n'
    path.write_text(f"{text}[tracking]\n{settings}")
    return find_project(repo)


def find(uri, experiment):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(experiment)
    return [] if known is None else list(client.search_runs([known.experiment_id]))


def test_a_run_stands_at_the_server_with_all_that_was_recorded(repo, server):
    project = point(repo, server)
    (run,) = list_runs(project)
    assert send(project, run)
    (found,) = find(server, "beans")
    assert found.data.params == {"alpha": "1.5"}
    for measure in run.measures:
        assert found.data.metrics[measure.id] == measure.value
        assert found.data.metrics[f"{measure.id}.low"] == measure.low
    assert found.data.tags["pavedroad.package"] == run.package
    assert found.data.tags["pavedroad.code"] == run.code
    assert run.data["data/beans.csv"] in found.data.tags["pavedroad.data.1"]
    assert found.info.status == "FINISHED"
    assert abs((found.info.end_time - found.info.start_time) / 1000 - run.duration_s) < 0.01
    assert list(find_unsent(project)) == []


def test_a_run_that_is_sent_twice_or_whose_receipt_was_lost_stands_there_once(repo, server):
    project = point(repo, server, "twice")
    (run,) = list_runs(project)
    send(project, run)
    send(project, run)
    for receipt in (repo / ".pavedroad" / "runs").glob("*.sent.json"):
        receipt.unlink()
    assert send(project, run)
    assert len(find(server, "twice")) == 1


def test_a_run_that_a_stage_said_no_to_stands_there_once_as_failed(repo, server):
    project = point(repo, server, "refused")
    (packed,) = list_runs(project)
    said = "train: It knows the target."
    refused = msgspec.structs.replace(packed, id="", package="", model="", estimator="", measures=[], refused=said)
    refused = record_refused(project, refused)
    for _ in range(2):
        assert send(project, packed)
        assert send(project, refused)
        for receipt in (repo / ".pavedroad" / "runs").glob("*.sent.json"):
            receipt.unlink()
    found = {run.info.status: run for run in find(server, "refused")}
    assert sorted(found) == ["FAILED", "FINISHED"]
    assert len(find(server, "refused")) == 2
    assert found["FAILED"].data.tags["pavedroad.refused.reason"] == said
    assert found["FAILED"].data.tags["pavedroad.refused"] == refused.id
    assert "pavedroad.package" not in found["FAILED"].data.tags
    assert "pavedroad.refused" not in found["FINISHED"].data.tags


def test_a_server_that_is_down_is_told_when_it_is_back(repo, tmp_path):
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    project = point(repo, uri)
    (run,) = list_runs(project)
    begun = time.monotonic()
    with pytest.raises(TrackingError, match="did not take the run: nobody answers there") as caught:
        send(project, run)
    assert time.monotonic() - begun < 60
    assert "runs send" in caught.value.next_step
    program = [sys.executable, "-m", "pavedroad"]
    packed = subprocess.run([*program, "package"], cwd=repo, capture_output=True, text=True, check=False)
    assert packed.returncode == 0
    assert "Not sent to the tracker" in packed.stderr
    assert subprocess.run([*program, "runs", "send"], cwd=repo, capture_output=True, check=False).returncode == 3
    assert list(find_unsent(project)) == [run]
    (tmp_path / "server").mkdir()
    with serve(tmp_path / "server", port):
        done = subprocess.run(
            [*program, "runs", "send", "--json"], cwd=repo, capture_output=True, text=True, check=False
        )
        assert json.loads(done.stdout) == {"sent": [run.id]}, done.stderr
        assert len(find(uri, "beans")) == 1


def test_a_server_that_is_there_and_does_not_answer_is_not_waited_for(repo):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the connection, and says nothing
        project = point(repo, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1)
        (run,) = list_runs(project)
        with pytest.raises(TrackingError, match="did not take the run: no answer came within 1 seconds"):
            send(project, run)
    assert list(find_unsent(project)) == [run]


def test_a_database_without_a_server_takes_runs_too(repo, tmp_path):
    project = point(repo, f"sqlite:///{tmp_path}/runs.db")
    assert send(project, *list_runs(project))
    assert len(find(f"sqlite:///{tmp_path}/runs.db", "beans")) == 1


def test_the_package_and_its_report_are_the_same_with_any_tracker(repo, server):
    before = [(repo / name).read_bytes() for name in ("package/manifest.json", "reports/package.json")]
    point(repo, server, "same")
    walk(repo, ["package"])
    assert [(repo / name).read_bytes() for name in ("package/manifest.json", "reports/package.json")] == before
