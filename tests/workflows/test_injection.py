"""Whatever a stranger writes, and wherever, stays text: nothing is executed, obeyed or taken for an output.

The payloads go through every string input of every action and reusable workflow, every text of an event, the texts of a
hostile artifact, and data, settings, file names and prints of a whole road. The last tests let workflows fall for them,
to show that the traps work.
"""

import json
import re
import shutil
from dataclasses import replace

import pytest
from payloads import FOR_INPUTS, PAYLOADS, arm
from workflow_drive import REPOSITORY, ROOT

from pavedroad.report import Check, Place, conclude, encode, write_report
from pavedroad.testing import dispatch, pull_request
from pavedroad.testing.contract import read_yaml

CALLABLE = ("check.yml", "lint.yml", "retrain.yml")
OUTPUTS = {
    "artifact-id", "cache-hit", "cache-matched-key", "cache-primary-key",
    "decision", "number", "outcome", "page", "said",
}  # fmt: skip


@pytest.fixture
def canary(tmp_path):
    folder = tmp_path / "canary"
    folder.mkdir()
    return folder


def fell_for(run, canary):
    """What of a run shows that a payload was more than text."""
    found = [f"executed: {path.name}" for path in canary.iterdir()]
    for record in run.records:
        command, arg = record.get("command"), str(record.get("arg", ""))
        if command == "set-output" and (record.get("name") not in OUTPUTS or "forged" in arg):
            found.append(f"output: {record.get('name')}")
        if command == "add-path" and not re.fullmatch(r"/\S+/(\.venv|pavedroad-\d+)/bin", arg):
            found.append(f"path: {arg}")
        if command in {"add-mask", "set-env", "save-state", "group", "add-matcher", "echo", "debug"}:
            found.append(f"{command}: {arg}")
        if command in {"error", "warning", "notice"} and arg.startswith("forged"):
            found.append(f"{command}: {arg}")
    return found


def list_inputs():
    """Every string input of every action; those of one step together, so that no payload waits behind another."""
    for path in sorted(ROOT.glob("actions/*/action.yml")):
        names = list(read_yaml(path).get("inputs") or {})
        yield from (
            [(path.parent.name, names)]
            if path.parent.name == "comment"
            else [(path.parent.name, [name]) for name in names]
        )


def write_caller(drive, steps):
    """A workflow of the repo with one job of these steps, each of which may fail."""
    text = ["name: inject", "on: [pull_request, workflow_dispatch]", "jobs:", "  inject:", "    runs-on: ubuntu-latest"]
    text += ["    steps:", *steps]
    drive.edit(".github/workflows/inject.yml", "\n".join(text) + "\n")


def call(drive, action, inputs):
    road = drive.road
    lines = [
        f"      - uses: {road.name}/actions/{action}@{road.ref}",
        "        continue-on-error: true",
        "        with:",
    ]
    return [*lines, *(f"          {name}: {value}" for name, value in inputs.items())]


def event_with(canary, **details):
    event = pull_request(REPOSITORY, **details)
    return replace(event, payload={**event.payload, "payloads": [arm(payload, canary) for payload in FOR_INPUTS]})


def test_there_are_enough_payloads_and_each_is_its_own():
    assert len(set(PAYLOADS)) == len(PAYLOADS)
    assert len(FOR_INPUTS) >= 40


@pytest.mark.parametrize(("action", "names"), list(list_inputs()), ids=str)
def test_no_input_of_an_action_is_more_than_text(drive, canary, action, names):
    needed = {"propose": {"proposal": "nowhere"}}.get(action, {})
    steps = []
    for number in range(len(FOR_INPUTS)):
        payload = f"${{{{ github.event.payloads[{number}] }}}}"
        steps += call(drive, action, {**needed, **dict.fromkeys(names, payload)})
    write_caller(drive, ["      - uses: actions/checkout@v7", *steps])
    run = drive.run("inject.yml", event_with(canary))
    assert run.jobs == {"inject": "success"}, run
    ended = {record["stepID"][0] for record in run.records if "stepResult" in record and record.get("stage") == "Main"}
    assert len(ended) == len(FOR_INPUTS) + 1, "Every payload was carried."
    assert fell_for(run, canary) == []


@pytest.mark.parametrize("workflow", CALLABLE)
def test_no_input_of_a_reusable_workflow_is_more_than_text(drive, canary, workflow):
    inputs = read_yaml(ROOT / ".github/workflows" / workflow)["on"]["workflow_call"]["inputs"]
    lines = ["name: inject", "on: pull_request", "jobs:"]
    for number in range(len(FOR_INPUTS)):
        lines += [
            f"  p{number}:",
            f"    uses: {drive.road.name}/.github/workflows/{workflow}@{drive.road.ref}",
            "    with:",
        ]
        lines += [f"      {name}: ${{{{ github.event.payloads[{number}] }}}}" for name in inputs]
    drive.edit(".github/workflows/inject.yml", "\n".join(lines) + "\n")
    run = drive.run("inject.yml", event_with(canary))
    reached = {record["jobID"] for record in run.records if record.get("stepResult")}
    assert len({record.get("job") for record in run.records if record.get("stepResult")}) >= len(FOR_INPUTS), reached
    assert fell_for(run, canary) == []


def texts(canary, turn):
    """The texts of a pull request, each with another payload; a turn moves them on by one."""
    fields = ("title", "body", "branch", "author", "label")
    return {name: arm(PAYLOADS[(turn + at * 13) % len(PAYLOADS)], canary) for at, name in enumerate(fields)}


def test_no_text_of_a_pull_request_is_more_than_text(drive, canary):
    """Each turn puts five payloads into five fields and drives the job that holds the right to write."""
    shutil.copytree(hostile_reports(drive.repo.parent / "plain", ["fine"]), drive.repo / "reports", dirs_exist_ok=True)
    write_caller(drive, ["      - uses: actions/checkout@v7", *call(drive, "comment", {"reports": "reports"})])
    for turn in range(0, len(PAYLOADS), 5):
        run = drive.run("inject.yml", pull_request(REPOSITORY, **texts(canary, turn)))
        assert run.jobs == {"inject": "success"}, run
        assert fell_for(run, canary) == []
    assert len(drive.comments) == 1


def test_all_payloads_in_all_texts_of_an_event_do_nothing_to_check_and_retrain(drive, canary):
    everything = "\n".join(arm(payload, canary) for payload in PAYLOADS)
    fields = dict.fromkeys(("title", "body", "branch", "author", "label"), everything)
    run = drive.run("check.yml", pull_request(REPOSITORY, **fields))
    assert run.ok, run
    assert fell_for(run, canary) == []
    assert run.outputs("Take the road")["outcome"] == "pass"
    assert len(drive.comments) == 1
    retrained = drive.run("retrain.yml", dispatch(REPOSITORY, note=everything))
    assert retrained.outputs("Retrain") == {"decision": "nothing-new"}
    assert fell_for(retrained, canary) == []


def hostile_reports(folder, texts):
    """Reports that say in every text what is given; a yes that nobody gave is among them."""
    checks = [
        Check(
            id=text[:200],
            title=text,
            outcome="warn",
            observed=text,
            expected=[text],
            reason=text,
            evidence={"key": text},
            where=Place(text[:300], 1),
        )
        for text in texts
    ]
    for stage in ("validate", "gate"):
        about = {"project": texts[0], "owner": texts[-1], "statement": "\n".join(texts), "metric": texts[0]}
        report = conclude(stage, checks, summary="\n".join(texts), about=about)
        write_report(folder / f"{stage}.json", report)
    return folder


def test_a_hostile_artifact_becomes_text_in_one_comment(drive, canary):
    hostile_reports(drive.repo / "reports", [arm(payload, canary) for payload in PAYLOADS])
    write_caller(drive, ["      - uses: actions/checkout@v7", *call(drive, "comment", {"reports": "reports"})])
    run = drive.run("inject.yml", pull_request(REPOSITORY))
    assert run.jobs == {"inject": "success"}, run
    assert fell_for(run, canary) == []
    assert len(drive.comments) == 1
    body = drive.comments[0]
    assert len(body) <= 65_536
    assert body.startswith("<!-- pavedroad verdict cdb4ee2aea69 -->\n")
    assert body.count("<!--") == 1, "No text opens a comment of its own."
    shown = re.sub(r"</?(?:details|summary|sub|br|code)/?>|<!-- pavedroad verdict \w+ -->", "", body)
    assert not re.search(r"<[a-zA-Z/!]", shown), "No tag but ours."
    assert not re.search(r"\]\((?!http://127\.0\.0\.1:\d+/acme/umbrella-sales/actions/runs/)", shown), (
        "No link but ours."
    )
    assert not re.search(r"(?<![\w`])@\w", shown), "Nobody is called."


BROKEN_ARTIFACTS = {
    "no JSON": lambda folder: (folder / "gate.json").write_bytes(b"\x00\xff{"),
    "too large": lambda folder: (folder / "gate.json").write_bytes(b" " * 5_000_000),
    "deep": lambda folder: (folder / "gate.json").write_bytes(b"[" * 100_000),
    "another schema": lambda folder: (folder / "gate.json").write_bytes(encode({"schema": "pavedroad.report/9"})),
    "a lie": lambda folder: (folder / "gate.json").write_text(
        (folder / "gate.json").read_text().replace('"outcome": "warn"', '"outcome": "pass"', 1)
    ),
    "a link": lambda folder: ((folder / "gate.json").unlink(), (folder / "gate.json").symlink_to("/etc/passwd")),
    "a folder": lambda folder: ((folder / "gate.json").unlink(), (folder / "gate.json").mkdir()),
}


@pytest.mark.parametrize("kind", BROKEN_ARTIFACTS)
def test_a_broken_artifact_is_no_verdict(tmp_path, kind):
    from pavedroad.render.markdown import to_markdown
    from pavedroad.stages.evidence import read_evidence

    folder = hostile_reports(tmp_path / "reports", ["fine"])
    assert "There is no verdict" not in to_markdown(read_evidence(folder))
    BROKEN_ARTIFACTS[kind](folder)
    text = to_markdown(read_evidence(folder))
    assert "There is no verdict" in text
    assert "root:" not in text


def test_data_settings_files_and_prints_of_a_whole_road_stay_text(drive, canary):
    """The road of a change whose author controls everything that a road reads and prints."""
    hostile = [arm(payload, canary) for payload in PAYLOADS]
    names = [re.sub(r"[/\x00]", "_", text)[:60].strip() for text in hostile]
    for name in names:
        if name not in {"", ".", ".."}:
            (drive.repo / "data" / name).write_text("")
    prints = f"import json\nfor _text in json.loads({json.dumps(json.dumps(hostile))}):\n    print(_text)\n"
    drive.edit("src/umbrella_sales/features.py", lambda text: text + "\n\n" + prints)
    suite = json.loads((drive.repo / "expectations/suite.json").read_text())
    kept = suite["expectations"][0]
    suite["expectations"] += [
        {
            **kept,
            "notes": text,
            "severity": "warning",
            "meta": {"id": f"hostile-{at}"},
            "kwargs": {"column": text[:80] or "x"},
        }
        | {"type": "expect_column_values_to_not_be_null"}
        for at, text in enumerate(hostile)
    ]
    drive.edit("expectations/suite.json", json.dumps(suite))
    drive.edit(
        "pavedroad.toml",
        lambda text: re.sub(r"(?m)^statement = .*$", lambda _: f"statement = {json.dumps(' '.join(hostile))}", text),
    )
    run = drive.commit().run("check.yml", pull_request(REPOSITORY))
    assert run.rc == 1, "The columns are not there, and the road says so."
    assert run.jobs["Comment"] == "success", run
    assert fell_for(run, canary) == []
    assert run.outputs("Take the road")["outcome"] == "fail", run
    assert len(drive.comments) == 1


def test_what_the_repos_code_prints_is_never_obeyed(drive, canary):
    hostile = [arm(payload, canary) for payload in PAYLOADS]
    prints = f"import json\nfor _text in json.loads({json.dumps(json.dumps(hostile))}):\n    print(_text, flush=True)\n"
    drive.edit("src/umbrella_sales/features.py", lambda text: text + "\n\n" + prints)
    run = drive.commit().run("check.yml", pull_request(REPOSITORY))
    assert "forged" in run.log, "It was printed."
    assert fell_for(run, canary) == []
    assert run.outputs("Take the road")["outcome"] == "pass"


# Traps that work: workflows that make the known mistakes fall for the same payloads.


def test_a_title_pasted_into_a_shell_line_is_caught(drive, canary):
    write_caller(drive, ["      - run: echo ${{ github.event.pull_request.title }}"])
    run = drive.run("inject.yml", pull_request(REPOSITORY, title=arm("$(touch CANARY/pasted)", canary)))
    assert fell_for(run, canary) == ["executed: pasted"]


@pytest.mark.parametrize(
    ("payload", "caught"),
    [
        ("::error::forged", "error: forged"),
        ("::set-output name=verdict::pass", "output: verdict"),
        ("::add-mask::pass", "add-mask: pass"),
        ("::add-path::/evil", "path: /evil"),
    ],
)
def test_a_text_printed_without_a_fence_is_caught(drive, canary, payload, caught):
    steps = ["      - run: printf '%s\\n' \"$TEXT\"", "        env: {TEXT: '${{ github.event.pull_request.title }}'}"]
    write_caller(drive, steps)
    run = drive.run("inject.yml", pull_request(REPOSITORY, title=payload))
    assert fell_for(run, canary)[0] == caught


def test_an_output_between_guessable_delimiters_is_caught(drive, canary):
    line = 'printf \'title<<EOF\\n%s\\nEOF\\n\' "$TEXT" >>"$GITHUB_OUTPUT"'
    steps = [f"      - run: {json.dumps(line)}", "        env: {TEXT: '${{ github.event.pull_request.title }}'}"]
    write_caller(drive, steps)
    run = drive.run("inject.yml", pull_request(REPOSITORY, title="x\nEOF\nverdict=pass\nrest<<EOF"))
    assert "output: verdict" in fell_for(run, canary)


def test_the_harness_refuses_an_action_that_it_cannot_stand_in_for(drive):
    write_caller(drive, ["      - uses: somebody/else@v1"])
    with pytest.raises(LookupError, match="no stand-in for somebody/else@v1"):
        drive.run("inject.yml", pull_request(REPOSITORY))


def test_a_job_without_a_runner_is_named_as_skipped(drive):
    write_caller(drive, ["      - run: 'true'"])
    drive.edit(".github/workflows/inject.yml", lambda text: text.replace("ubuntu-latest", "ubuntu-lates"))
    run = drive.run("inject.yml", pull_request(REPOSITORY))
    assert run.rc == 0
    assert run.skipped == ["inject"]
