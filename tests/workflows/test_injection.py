"""Whatever a stranger writes, and wherever, stays text: nothing is executed, obeyed or taken for an output.

The payloads go through every string input of every action and reusable workflow, every text of an event, the texts of a
hostile artifact, and data, settings, file names and prints of a whole road. The last tests let workflows fall for them,
to show that the traps work.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
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
    """Every string input of every action but the set-up, with what else a call needs.

    The working directories have folders of these very names, so the action's own command is reached; any other input
    is tried alone, in the repo, so that no payload waits behind another.
    """
    for path in sorted(ROOT.glob("actions/*/action.yml")):
        for name in read_yaml(path).get("inputs") or {} if path.parent.name != "setup" else ():
            needed = {"comment": {"reports": "reports"}, "propose": {"proposal": "nowhere"}}.get(path.parent.name, {})
            yield pytest.param(path.parent.name, name, needed, id=f"{path.parent.name}-{name}")


def lay_folders(repo, payloads):
    """A repo without settings in a folder of each payload's name, where a file system can have it; how many there are.

    A command finds it, says what is missing and where, and ends at once.
    """
    laid = 0
    for payload in payloads:
        if ".." in payload or payload.startswith("/") or any(len(part) > 200 for part in payload.split("/")):
            continue
        (repo / payload).mkdir(parents=True, exist_ok=True)
        (repo / payload / "pavedroad.toml").write_text("")
        laid += 1
    return laid


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


def carry(drive, canary, action, calls):
    """A run with a step for each call of an action; how each ended."""
    write_caller(
        drive,
        ["      - uses: actions/checkout@v7", *(line for inputs in calls for line in call(drive, action, inputs))],
    )
    run = drive.run("inject.yml", event_with(canary))
    assert run.jobs == {"inject": "success"}, run
    ended = {record["stepID"][0] for record in run.records if "stepResult" in record and record.get("stage") == "Main"}
    assert len(ended) == len(calls) + 1, "Every payload was carried."
    assert fell_for(run, canary) == []
    return run


FIELDS = [f"${{{{ github.event.payloads[{number}] }}}}" for number in range(len(FOR_INPUTS))]


@pytest.mark.parametrize(("action", "name", "needed"), list(list_inputs()))
def test_no_input_of_an_action_is_more_than_text(shallow, canary, action, name, needed):
    given = [arm(payload, canary) for payload in FOR_INPUTS]
    folder = name == "working-directory" and action != "comment"
    laid = lay_folders(shallow.repo, given) if folder else 0
    run = carry(shallow, canary, action, [{**needed, name: field} for field in FIELDS])
    if action == "compiled":
        return  # It stands on an environment that the set-up has made.
    alone = action in {"comment", "propose"}
    assert shallow.setups == ["road=." if alone else f"repo={text}" if folder else "repo=." for text in given], (
        "What is handed on is the text itself."
    )
    words = "no such file exists" if action == "lint" else "project.name is missing"
    assert run.log.count(words) == laid, "The action's command ran in each of the folders."


@pytest.mark.parametrize("name", ["working-directory", "install"])
def test_no_input_of_the_set_up_is_more_than_text(drive, canary, name):
    carry(drive, canary, "setup", [{name: field} for field in FIELDS])


@pytest.mark.parametrize("workflow", CALLABLE)
def test_no_input_of_a_reusable_workflow_is_more_than_text(shallow, canary, workflow):
    inputs = read_yaml(ROOT / ".github/workflows" / workflow)["on"]["workflow_call"]["inputs"]
    lay_folders(shallow.repo, [arm(payload, canary) for payload in FOR_INPUTS])
    lines = ["name: inject", "on: pull_request", "jobs:"]
    for number, field in enumerate(FIELDS):
        lines += [
            f"  p{number}:",
            f"    uses: {shallow.road.name}/.github/workflows/{workflow}@{shallow.road.ref}",
            "    with:",
        ]
        lines += [f"      {name}: {field}" for name in inputs]
    shallow.edit(".github/workflows/inject.yml", "\n".join(lines) + "\n")
    run = shallow.run("inject.yml", event_with(canary))
    reached = {record["jobID"] for record in run.records if record.get("stepResult")}
    assert len({record.get("job") for record in run.records if record.get("stepResult")}) >= len(FOR_INPUTS), reached
    assert fell_for(run, canary) == []


TEXTS = ("title", "body", "branch", "author", "label")


def test_no_text_of_a_pull_request_is_more_than_text(shallow, canary):
    """Each payload, in every field at once, reaches the job that holds the right to write."""
    hostile_reports(shallow.repo / "reports", ["fine"])
    write_caller(shallow, ["      - uses: actions/checkout@v7", *call(shallow, "comment", {"reports": "reports"})])

    def drive(payload):
        return shallow.run("inject.yml", pull_request(REPOSITORY, **dict.fromkeys(TEXTS, arm(payload, canary))))

    with ThreadPoolExecutor(2) as pool:
        for run in pool.map(drive, PAYLOADS):
            assert run.jobs == {"inject": "success"}, run
            assert fell_for(run, canary) == []
    assert len(shallow.setups) == len(PAYLOADS)
    assert len(shallow.comments) == 1


def test_all_payloads_in_all_texts_of_an_event_do_nothing_to_check_and_retrain(drive, canary):
    everything = "\n".join(arm(payload, canary) for payload in PAYLOADS)
    run = drive.run("check.yml", pull_request(REPOSITORY, **dict.fromkeys(TEXTS, everything)))
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


def test_a_hostile_artifact_becomes_text_in_one_comment(shallow, canary):
    hostile_reports(shallow.repo / "reports", [arm(payload, canary) for payload in PAYLOADS])
    write_caller(shallow, ["      - uses: actions/checkout@v7", *call(shallow, "comment", {"reports": "reports"})])
    run = shallow.run("inject.yml", pull_request(REPOSITORY))
    assert run.jobs == {"inject": "success"}, run
    assert fell_for(run, canary) == []
    assert len(shallow.comments) == 1
    body = shallow.comments[0]
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


def test_a_title_pasted_into_a_shell_line_is_caught(shallow, canary):
    write_caller(shallow, ["      - run: echo ${{ github.event.pull_request.title }}"])
    run = shallow.run("inject.yml", pull_request(REPOSITORY, title=arm("$(touch CANARY/pasted)", canary)))
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
def test_a_text_printed_without_a_fence_is_caught(shallow, canary, payload, caught):
    steps = ["      - run: printf '%s\\n' \"$TEXT\"", "        env: {TEXT: '${{ github.event.pull_request.title }}'}"]
    write_caller(shallow, steps)
    run = shallow.run("inject.yml", pull_request(REPOSITORY, title=payload))
    assert fell_for(run, canary)[0] == caught


def test_an_output_between_guessable_delimiters_is_caught(shallow, canary):
    line = 'printf \'title<<EOF\\n%s\\nEOF\\n\' "$TEXT" >>"$GITHUB_OUTPUT"'
    steps = [f"      - run: {json.dumps(line)}", "        env: {TEXT: '${{ github.event.pull_request.title }}'}"]
    write_caller(shallow, steps)
    run = shallow.run("inject.yml", pull_request(REPOSITORY, title="x\nEOF\nverdict=pass\nrest<<EOF"))
    assert "output: verdict" in fell_for(run, canary)


def test_the_harness_refuses_an_action_that_it_cannot_stand_in_for(shallow):
    write_caller(shallow, ["      - uses: somebody/else@v1"])
    with pytest.raises(LookupError, match="no stand-in for somebody/else@v1"):
        shallow.run("inject.yml", pull_request(REPOSITORY))


def test_a_job_without_a_runner_is_named_as_skipped(shallow):
    write_caller(shallow, ["      - run: 'true'"])
    shallow.edit(".github/workflows/inject.yml", lambda text: text.replace("ubuntu-latest", "ubuntu-lates"))
    run = shallow.run("inject.yml", pull_request(REPOSITORY))
    assert run.rc == 0
    assert run.skipped == ["inject"]
