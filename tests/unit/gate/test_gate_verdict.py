"""The verdict record lets exactly the bytes go on that it is about, once, while fresh; and the decision in words."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from gate_road import FILES, Road, edit

from pavedroad.errors import EvidenceError, PackageError, RefusedError
from pavedroad.foundation.gate.verdict import Verdict, seal_verdict
from pavedroad.foundation.package.folder import write_manifest
from pavedroad.render.decision import to_decision_page
from pavedroad.render.explanation import explain, find_distances
from pavedroad.report import Check, Outcome, Run, conclude, encode, judge
from pavedroad.stages.gate import gate
from pavedroad.stages.runner import run_stage
from pavedroad.stages.verdict import record_verdict, require_verdict


@pytest.fixture
def road(world):
    root = world({**FILES, ".gitignore": "reports/\n", "package/model.skops": "weights"})
    (root / "package" / "manifest.json").unlink()
    write_manifest(root / "package", "Sales")
    made = Road(root)
    made.lay()
    for words in (["add", "--all"], ["commit", "--quiet", "--message", "All of it"]):
        subprocess.run(["git", *words], cwd=made.root, check=True)
    report = run_stage(made.project, "gate", gate)
    assert report.outcome is Outcome.PASS, report.summary
    record_verdict(made.project, report)
    return made


def path(road):
    return road.project.reports / "run" / "verdict.json"


def rewrite(road, **changes):
    verdict = msgspec.convert(json.loads(path(road).read_bytes()), Verdict)
    path(road).write_bytes(encode(seal_verdict(msgspec.structs.replace(verdict, **changes))))


def refusal(road, **options):
    with pytest.raises(EvidenceError) as caught:
        require_verdict(road.project, **options)
    assert caught.value.next_step == "Let the gate decide again: pavedroad check."
    return caught.value.what


def test_a_verdict_about_what_is_here_counts(road):
    verdict = require_verdict(road.project)
    assert verdict.outcome is Outcome.PASS
    assert all(
        (verdict.package, verdict.data, verdict.policy, verdict.report, verdict.commit, verdict.road, verdict.time)
    )


def test_a_forged_verdict_is_refused(road):
    document = json.loads(path(road).read_bytes())
    path(road).write_text(json.dumps({**document, "summary": "Yes, by all means."}))
    assert refusal(road) == "The verdict was changed after it was sealed."
    path(road).write_text(json.dumps({**document, "seal": "0" * 64}))
    assert refusal(road) == "The verdict was changed after it was sealed."


def test_a_no_is_a_no(road):
    rewrite(road, outcome=Outcome.FAIL, summary="No: it is too large.")
    with pytest.raises(RefusedError) as caught:
        require_verdict(road.project)
    assert caught.value.what == "The gate said no. No: it is too large."


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.SKIPPED])
def test_a_verdict_that_is_neither_yes_nor_no_is_refused(road, outcome):
    rewrite(road, outcome=outcome)
    assert f"The verdict is {outcome.value!r}" in refusal(road)


@pytest.mark.parametrize("field", ["project", "package", "data", "policy", "report", "commit"])
@pytest.mark.parametrize("value", ["f" * 64, ""])
def test_a_verdict_about_something_else_is_refused_even_when_it_is_sealed(road, field, value):
    rewrite(road, **{field: value})
    assert f"The verdict is about another {field}" in refusal(road)


SWAPPED = {
    "package": ("package/manifest.json", '"files"', ' "files"'),
    "data": ("data.csv", "2,3", "2,4"),
    "policy": ("pavedroad.toml", "max_size_mb = 10", "max_size_mb = 99"),
    "report": ("reports/gate.json", "pass", "warn"),
}


@pytest.mark.parametrize("what", SWAPPED)
def test_what_was_swapped_since_is_not_covered(road, what):
    edit(road, *SWAPPED[what])
    project = Road(road.root).project
    with pytest.raises(EvidenceError, match=f"about another {what}"):
        require_verdict(project)


def test_another_commit_is_not_covered(road):
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "--message", "More"], cwd=road.root, check=True)
    assert "another commit" in refusal(road)


def test_a_verdict_over_changes_that_no_commit_holds_is_refused(road):
    rewrite(road, dirty=True)
    assert "no commit holds it" in refusal(road)


def test_an_old_verdict_and_one_from_the_future_are_refused(road):
    now = datetime.now(UTC)
    rewrite(road, time=(now - timedelta(hours=3)).isoformat())
    assert require_verdict(road.project, max_age_hours=4).outcome is Outcome.PASS
    assert refusal(road, max_age_hours=2) == "The verdict is 3 hours old."
    rewrite(road, time=(now + timedelta(hours=1)).isoformat())
    assert "from the future" in refusal(road)
    for text in ("soon", "2026-03-02T08:15:00", ""):
        rewrite(road, time=text)
        with pytest.raises(EvidenceError, match="is not a time"):
            require_verdict(road.project)


def test_a_verdict_counts_once(road):
    verdict = require_verdict(road.project)
    assert refusal(road, used=frozenset({verdict.seal})) == "The verdict was used before; it counts once."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"NaN",
        b'{"schema": "pavedroad.verdict/2"}',
        b"\xff",
        b'{"outcome": "pass", "outcome": "pass"}',
    ],
)
def test_what_is_no_verdict_is_refused(road, content):
    path(road).write_bytes(content)
    with pytest.raises(EvidenceError):
        require_verdict(road.project)


def test_no_verdict_and_no_package_are_refused(road):
    path(road).unlink()
    with pytest.raises(EvidenceError, match="There is no verdict"):
        require_verdict(road.project)
    shutil.rmtree(road.root / "package")
    with pytest.raises(PackageError, match="There is no package"):
        require_verdict(road.project)


@pytest.mark.parametrize("file", ["model.skops", "more.txt"])
def test_a_package_whose_files_were_swapped_below_its_manifest_is_refused(road, file):
    (road.root / "package" / file).write_text("other weights")
    with pytest.raises(PackageError) as caught:
        require_verdict(road.project)
    assert caught.value.where == str(road.root / "package" / file)


# --- as a command ---------------------------------------------------------------------------------------------------


def ask(road, *words):
    """The exit code of ``pavedroad verdict``, what it printed, and what it said was wrong."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-m", "pavedroad", "verdict", *words]
    done = subprocess.run(words, cwd=road.root, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def spoil_seal(road):
    document = json.loads(path(road).read_bytes())
    path(road).write_text(json.dumps({**document, "outcome": "warn"}))


def swap_model(road):
    (road.root / "package" / "model.skops").write_text("other weights")


def commit_more(road):
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "--message", "More"], cwd=road.root, check=True)


def age(road):
    rewrite(road, time=(datetime.now(UTC) - timedelta(hours=200)).isoformat())


REFUSED = {
    "forged": (spoil_seal, 3, "was changed after it was sealed"),
    "a no": (lambda road: rewrite(road, outcome=Outcome.FAIL), 1, "The gate said no."),
    "no verdict": (lambda road: path(road).unlink(), 3, "There is no verdict."),
    "stale": (age, 3, "The verdict is 200 hours old."),
    "another commit": (commit_more, 3, "about another commit"),
    "another model": (swap_model, 3, "not the one that was packed"),
    "other data": (lambda road: edit(road, "data.csv", "2,3", "2,4"), 3, "about another data"),
    "another policy": (lambda road: edit(road, "pavedroad.toml", "max_size_mb = 10", "max_size_mb = 99"), 3, "policy"),
    "another project": (
        lambda road: rewrite(road, project="Rent"),
        3,
        "project: Rent, and here is Sales",
    ),
    "no commit holds it": (lambda road: rewrite(road, dirty=True), 3, "no commit holds it"),
    "not a verdict": (lambda road: path(road).write_text("{}"), 3, "This is not a verdict"),
    "the configuration is broken": (
        lambda road: (road.root / "pavedroad.toml").write_text("[gate"),
        2,
        "not valid TOML",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_command_refuses_with_the_reason_and_the_exit_code(road, case):
    change, code, reason = REFUSED[case]
    change(road)
    found, out, said = ask(road, "--json")
    assert (found, reason in said) == (code, True), said
    document = json.loads(out)
    assert document["exit_code"] == code
    assert reason in document["error"]["what"]


def test_the_command_lets_a_verdict_count_once(road, tmp_path):
    code, out, _ = ask(road, "--json")
    verdict = json.loads(out)
    assert (code, verdict["outcome"]) == (0, "pass")
    assert {"outcome", "package", "data", "policy", "report", "commit", "road", "time", "seal"} <= verdict.keys()
    code, out, _ = ask(road)
    assert (code, f"package  {verdict['package'][:12]}" in out, verdict["seal"] in out) == (0, True, True)
    used = tmp_path / "used.txt"
    used.write_text("0" * 64 + "\n")
    assert ask(road, "--used", str(used))[0] == 0
    used.write_text("0" * 64 + "\n" + verdict["seal"] + "\n")
    code, _, said = ask(road, "--used", str(used))
    assert (code, "was used before" in said) == (3, True)
    used.write_text(verdict["seal"][:40] + "\n")
    code, _, said = ask(road, "--used", str(used))
    assert (code, "Line 1 of used.txt is not the seal of a verdict" in said) == (2, True)
    assert ask(road, "--used", str(tmp_path / "nowhere.txt"))[0] == 2


# --- the decision in words ------------------------------------------------------------------------------------------


def test_a_yes_tells_what_was_closest(road):
    lines = explain(run_stage(road.project, "gate", gate))
    assert lines[0] == "Yes: the model may go on."
    assert lines[-1].startswith("Closest to failing: The model beats the baseline: 0.5, above 0 wanted")


def test_a_no_tells_what_would_have_to_change(road):
    edit(road, "pavedroad.toml", "max_latency_ms = 50", "max_latency_ms = 10")
    lines = explain(run_stage(Road(road.root).project, "gate", gate))
    assert lines[0] == "No: the model may not go on."
    assert "  - One prediction takes longer than the budget of 10 ms." in lines
    assert "  - One prediction stays within the latency budget: at most 10 ms is wanted." in lines
    assert not any("One prediction" in line for line in lines if line.startswith("Closest"))


def test_an_error_tells_what_to_run(road):
    road.project.report("drift").unlink()
    lines = explain(run_stage(road.project, "gate", gate))
    assert lines[0] == "There is no verdict, and without one nothing goes on."
    assert "  - The stage 'drift' must run on what is here now: pavedroad check." in lines


def number(id_, value, limit, outcome=Outcome.PASS, **more):
    evidence = {"value": value, "limit": limit, "way": "at most", **more}
    return Check(id=id_, title=id_, outcome=outcome, evidence=evidence)


def test_distances_are_shares_of_the_limit_or_the_interval():
    report = conclude(
        "gate",
        [
            number("far", 1.0, 10.0),
            number("near", 9.0, 10.0),
            number("interval", 5.0, 0.0, scale=50.0),
            judge("no number", "N", ok=True),
            Check(id="measured", title="measured", outcome=Outcome.PASS, evidence={"limit": 50.0, "way": "at most"}),
        ],
        run=Run(started="", duration_s=0.0, measured={"measured": 25.0}),
    )
    assert [(item.check.id, round(item.share, 6)) for item in find_distances(report)] == [
        ("near", 0.1),
        ("interval", 0.1),
        ("measured", 0.5),
        ("far", 0.9),
    ]


def test_the_page_tells_how_much_is_left_or_lacking_and_keeps_points_below_their_sentence():
    checks = [
        judge("gate.size", "Small", ok=False, reason="Too big.", evidence={"value": 15, "limit": 10, "way": "at most"}),
        judge("gate.age", "Fresh", ok=True, evidence={"value": 9, "limit": 10, "way": "at most"}),
        judge("gate.card", "Far", ok=False, evidence={"value": 1000, "limit": 1, "way": "at most"}),
    ]
    page = to_decision_page(conclude("gate", checks, summary="No: Too big."))
    assert all(f">{room}</td>" in page for room in ("50% lacking", "10% left", "more than 1000% lacking"))
    assert '<li>It is refused because:<ul class="points"><li>Too big.</li>' in page


def test_the_page_says_it_and_lets_nothing_in(road):
    page = to_decision_page(run_stage(road.project, "gate", gate))
    assert "Better and worse are told in mean absolute error, where lower is better." in page
    assert "The road says yes" in page
    assert "Closest to failing" in page
    hostile = "<script>alert(1)</script>"
    evil = conclude("gate", [Check(id="gate.x", title=hostile, outcome=Outcome.FAIL, reason=hostile)], summary=hostile)
    assert hostile not in to_decision_page(evil)
    assert "<script" not in to_decision_page(evil)
