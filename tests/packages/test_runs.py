"""Every model that was made, recorded once next to git and laid side by side."""

import hashlib
import html.parser
import json
import shutil
import subprocess
import sys

import msgspec
import pandas as pd
import pytest
from small_repo import commit, git, walk

from pavedroad.errors import EvidenceError, TrackingError
from pavedroad.foundation.package.facts import Measure
from pavedroad.foundation.project import find_project
from pavedroad.foundation.tracking import TrackedRun, find_unsent, list_runs, send
from pavedroad.render.tracked import find_best, to_differences, to_page, to_table


def made(number, **changed):
    run = TrackedRun(
        schema="pavedroad.run/1",
        id=f"{number:012x}",
        name="beans",
        started=f"2026-01-{number + 1:02}T10:00:00+00:00",
        duration_s=1.5,
        commit="c" * 40,
        dirty=False,
        package=f"{number:064x}",
        model="m" * 64,
        estimator="sklearn.linear_model._ridge.Ridge",
        metric="mean_absolute_error",
        better="lower",
        parameters={"alpha": float(number), "solver": "auto"},
        measures=[Measure(id="metric.model", title="error", value=5.0 - number, low=4.0 - number, high=6.0 - number)],
        data={"data/beans.csv": "d" * 64},
        code="e" * 64,
        environment={"numpy": "2.0"},
    )
    return msgspec.structs.replace(run, **changed)


def test_a_package_that_was_made_is_recorded_with_all_that_made_it(finished):
    (run,) = list_runs(find_project(finished))
    document = json.loads((finished / "package" / "package.json").read_text())
    assert run.model == document["model"]
    assert run.parameters == {"alpha": 1.5}
    assert run.data == {source["path"]: source["sha256"] for source in document["sources"]}
    assert run.code == document["code"]
    assert run.environment == document["environment"]
    assert run.duration_s > 0
    assert next(measure for measure in run.measures if measure.id == "metric.model").value > 0


def test_the_same_package_again_is_the_same_run(repo):
    path = next((repo / ".pavedroad" / "runs").glob("*.json"))
    before = path.read_bytes()
    walk(repo)
    assert [path.read_bytes() for path in (repo / ".pavedroad" / "runs").glob("*.json")] == [before]


def test_another_package_is_another_run_and_git_sees_neither(repo):
    (repo / ".gitignore").write_text("/model\n/package\n/reports/*\n__pycache__/\n")
    commit(repo)
    (repo / "params.yaml").write_text("train:\n  alpha: 700.0\n")
    walk(repo, ["train", "evaluate", "package"])
    runs = list_runs(find_project(repo))
    assert [run.parameters["alpha"] for run in runs] == [1.5, 700.0]
    assert len(runs[1].commit) == 40
    assert runs[1].dirty is True
    assert git(repo, "status", "--porcelain").split() == ["M", "params.yaml"]


def test_a_stage_that_did_not_pack_records_nothing(repo):
    shutil.rmtree(repo / ".pavedroad")
    (repo / "model" / "model.skops").write_bytes(b"x")
    walk(repo, ["package"])
    assert not (repo / ".pavedroad").exists()


LEAKY = """
from sklearn.linear_model import Ridge


def features(table):
    return table[["weight", "told"]]


def train(X, y, params):
    return Ridge(alpha=params["alpha"]).fit(X, y)
"""


def leak(repo):
    """A column that tells the target, and a policy that refuses it."""
    path = repo / "data" / "beans.csv"
    table = pd.read_csv(path)
    table.assign(told=table["beans"] * 2).to_csv(path, index=False)
    (repo / "src" / "beans" / "own.py").write_text(LEAKY)
    settings = repo / "pavedroad.toml"
    settings.write_text(settings.read_text().replace("[data]\n", '[data]\nleakage = "fail"\n'))


def stage(repo, name):
    program = [sys.executable, "-m", "pavedroad", name]
    return subprocess.run(program, cwd=repo, capture_output=True, text=True, check=False)


def test_a_run_that_training_said_no_to_is_recorded_with_the_reason_and_once(repo):
    leak(repo)
    assert stage(repo, "validate").returncode == 0
    before = set((repo / ".pavedroad" / "runs").glob("*.json"))
    assert stage(repo, "train").returncode == 1
    (path,) = set((repo / ".pavedroad" / "runs").glob("*.json")) - before
    run = next(run for run in list_runs(find_project(repo)) if run.id == path.stem)
    assert run.refused.startswith("train: told alone explains more than 99% of the target.")
    assert (run.package, run.model, run.estimator, run.measures) == ("", "", "", [])
    assert run.parameters == {"alpha": 1.5}
    assert run.data["data/beans.csv"] == hashlib.sha256((repo / "data" / "beans.csv").read_bytes()).hexdigest()
    assert run.environment["numpy"]
    assert run.duration_s > 0
    content = path.read_bytes()
    assert stage(repo, "train").returncode == 1
    assert set((repo / ".pavedroad" / "runs").glob("*.json")) == before | {path}
    assert path.read_bytes() == content
    said = command(repo).stdout
    assert "refused by" in said
    assert "train: " in said


def test_what_ended_in_an_error_has_no_result_to_record(repo):
    (repo / "src" / "beans" / "own.py").write_text(LEAKY)
    before = set((repo / ".pavedroad" / "runs").glob("*.json"))
    assert stage(repo, "train").returncode == 3, "There is no such column."
    assert set((repo / ".pavedroad" / "runs").glob("*.json")) == before


def test_a_no_stands_where_the_run_cannot_be_recorded(repo):
    leak(repo)
    assert stage(repo, "validate").returncode == 0
    shutil.rmtree(repo / ".pavedroad")
    (repo / ".pavedroad").write_text("in the way")
    done = stage(repo, "train")
    assert done.returncode == 1
    assert "Not recorded among the runs: " in done.stderr
    assert (repo / ".pavedroad").read_text() == "in the way"


def test_a_file_that_is_no_run_is_named(repo):
    (repo / ".pavedroad" / "runs" / "odd.json").write_text('{"schema": "pavedroad.run/1"}')
    with pytest.raises(EvidenceError, match="not a recorded run") as caught:
        list_runs(find_project(repo))
    assert caught.value.where.endswith("odd.json")


def test_files_alone_have_nobody_to_tell(repo):
    project = find_project(repo)
    (run,) = find_unsent(project)
    assert send(project, run)
    assert list(find_unsent(project)) == [run]


# --- side by side ---------------------------------------------------------------------------------------------------


def test_the_table_shows_the_newest_first_with_what_tells_runs_apart():
    head, rows = to_table([made(0), made(1), made(2)])
    assert head == ("run", "made", "commit", "mean_absolute_error", "alpha", "took")
    assert [row[0] for row in rows] == ["000000000002 *", "000000000001", "000000000000"]
    assert rows[0][3] == "3 (2 to 4)"


def test_the_best_run_is_the_best_by_its_metrics_own_direction():
    runs = [made(0), made(1), made(2)]
    assert find_best(runs) is runs[2]
    upward = [msgspec.structs.replace(run, better="higher") for run in runs]
    assert find_best(upward) is upward[0]
    assert find_best([made(0, metric="r2_score"), made(1)]).id == made(1).id
    assert find_best([made(0, measures=[])]) is None
    assert find_best([*runs[:2], made(2, refused="train: It knows the target.")]) is runs[1]
    assert find_best([]) is None


def test_what_a_stage_said_no_to_is_told_beside_the_others():
    refused = made(1, refused="train: It knows the target.", package="", model="", estimator="", measures=[])
    head, rows = to_table([made(0), refused])
    assert head[-1] == "refused by"
    assert [row[-1] for row in rows] == ["train: It knows the target.", "–"]
    assert [row[0] for row in rows] == ["000000000001", "000000000000 *"]
    differences = to_differences([made(0), refused])
    assert differences["refused by"] == ("–", "train: It knows the target.")
    assert differences["estimator"][1] == differences["model"][1] == "–"
    page = to_page([made(0), refused])
    assert page.count('class="run refused"') == 1
    assert "A stage said no" in page
    assert "A stage said no" not in to_page([made(0), made(1)])


def test_differences_are_those_and_no_others():
    one, two = made(1), made(1, id="2" * 12, parameters={"alpha": 2.0}, environment={"numpy": "2.1"}, code="f" * 64)
    assert to_differences([one, two]) == {
        "code": ("e" * 12, "f" * 12),
        "parameter alpha": ("1", "2"),
        "parameter solver": ("auto", "–"),
        "package numpy": ("2.0", "2.1"),
    }
    assert to_differences([one, one]) == {}


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.lines, self.loads = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        found = dict(attrs)
        self.loads += [name for name in found if name in {"src", "href", "style"} or name.startswith("on")]
        if tag == "polyline":
            self.lines.append([tuple(map(float, point.split(","))) for point in found["points"].split()])


def read(page):
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_plot_has_a_line_for_every_run_over_every_axis():
    tags = read(to_page([made(0), made(1), made(4)]))
    assert len(tags.lines) == 3
    assert {len(line) for line in tags.lines} == {3}  # alpha, seconds, the metric
    first = sorted(line[0][1] for line in tags.lines)
    assert first[2] - first[1] == pytest.approx((first[2] - first[0]) / 4, abs=0.2)  # 0, 1, 4 stand to scale
    assert tags.lines[-1][-1][1] == max(line[-1][1] for line in tags.lines)  # the best, lowest error, is drawn last


@pytest.mark.parametrize("runs", [[], [made(0)], [made(0), made(0, id="f" * 12)]])
def test_few_runs_make_a_page_too(runs):
    assert read(to_page(runs)).seen >= {"html", "h1", "table"}


def test_odd_values_have_their_place_on_an_axis():
    odd = [
        made(0, parameters={"a": True, "b": None, "c": "x", "d": 1e308}),
        made(1, parameters={"a": 3, "b": "y", "c": "z", "d": -1e308}),
        made(2, parameters={}, measures=[]),
    ]
    assert len(read(to_page(odd)).lines) == 3


def test_a_value_that_a_run_lacks_is_drawn_below_all_values_and_words_stand_beside_their_place():
    runs = [made(number, parameters={"kind": kind}) for number, kind in enumerate(("a", "b", "c", None))]
    page = to_page(runs)
    a, b, c, lacking = sorted(line[0][1] for line in read(page).lines)
    assert c - b == pytest.approx(b - a, abs=0.2)
    assert lacking > c  # a picture's heights count downwards
    for word in ("a", "b", "c", "–"):
        assert f">{word}</text>" in page


def test_no_text_becomes_part_of_the_page():
    evil = "</svg><script>alert(1)</script><img src=x onerror=alert(1)>"
    runs = [
        made(number, name=evil, metric=evil, parameters={evil: evil * number}, data={evil: evil}, id=evil + str(number))
        for number in (1, 2)
    ]
    tags = read(to_page(runs))
    assert not tags.loads
    assert not tags.seen & {"script", "img"}


# --- the commands ---------------------------------------------------------------------------------------------------


def command(repo, *arguments):
    program = [sys.executable, "-m", "pavedroad", "runs", *arguments]
    return subprocess.run(program, cwd=repo, capture_output=True, text=True, check=False)


def test_the_command_lists_compares_and_draws(repo):
    place = repo / ".pavedroad" / "runs"
    for number in (1, 2):
        (place / f"{number}.json").write_bytes(msgspec.json.encode(made(number)))
    said = command(repo).stdout
    assert "000000000002" in said
    assert len(said.splitlines()) == 4, "no line is broken for a program that reads it"
    assert len(json.loads(command(repo, "--json").stdout)["runs"]) == 3
    compared = json.loads(command(repo, "compare", "--json", "000000000001", "000000000002").stdout)
    assert set(compared["differences"]) == {"parameter alpha", "error"}
    assert "runs.html" in command(repo, "--html").stdout
    assert "polyline" in (repo / ".pavedroad" / "runs.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("compare", "0"), "One run cannot"), (("compare", "x", "y"), "0 runs begin"), (("send",), "no tracker")],
)
def test_a_command_that_cannot_work_says_why(repo, arguments, says):
    done = command(repo, *arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_no_runs_are_no_error(repo):
    shutil.rmtree(repo / ".pavedroad")
    done = command(repo)
    assert done.returncode == 0
    assert "pavedroad check" in done.stdout


@pytest.mark.parametrize(
    ("uri", "says"),
    [("", "needs to know where"), ("http://ada:secret@127.0.0.1:1", "holds a password")],
    ids=["no address", "a password in it"],
)
def test_a_tracker_that_cannot_be_told_says_why_and_shows_no_secret(repo, uri, says):
    path = repo / "pavedroad.toml"
    path.write_text(f'{path.read_text()}[tracking]\nengine = "mlflow"\nuri = "{uri}"\n')
    project = find_project(repo)
    with pytest.raises(TrackingError, match=says) as caught:
        send(project, *list_runs(project))
    assert "secret" not in str(caught.value)
    done = command(repo, "send")
    assert done.returncode == 3
    assert "secret" not in done.stdout + done.stderr
