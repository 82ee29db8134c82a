"""The rules of workflows and actions that nothing else would notice: what `act` gets wrong, and what no checker knows.

Each rule is a function that lists offences; it finds none here, and exactly one in a small world that breaks it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pavedroad.testing.contract import read_yaml
from pavedroad.testing.road import STANDINS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
ACTIONS = sorted(ROOT.glob("actions/*/action.yml"))
TEMPLATE = sorted((ROOT / "<<cookiecutter.project>>" / ".github" / "workflows").glob("*.yml"))
PIN = re.compile(r"^\s*(?:- )?uses: (?:\$/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")
SECRET = re.compile(r"secrets\.|secrets\[|toJSON\(secrets")
REPO_CODE = {f"$/actions/{name}" for name in ("setup", "check", "train", "lint", "retrain", "compiled")}


def jobs(document):
    return document.get("jobs") or {}


def steps(document):
    inner = (document.get("runs") or {}).get("steps") or []
    return [*inner, *(step for job in jobs(document).values() for step in job.get("steps") or [])]


def events(document):
    on = document.get("on")
    return {on} if isinstance(on, str) else set(on or ())


def find_offences(path):
    """Every rule that a workflow or an action breaks, by a word for the rule."""
    text, document = path.read_text(), read_yaml(path)
    found = []
    if document.get("permissions", {}) != {} or ("jobs" in document and "permissions" not in document):
        found.append("permissions at the top are not empty")
    if events(document) & {"pull_request_target", "workflow_run"}:
        found.append("an event that gives a stranger's change rights")
    for line in text.splitlines():
        if "uses:" in line and not line.lstrip().startswith("#") and not PIN.match(line):
            found.append(f"not pinned: {line.strip()}")
    found += [offence for step in steps(document) for offence in find_step_offences(step)]
    for name, job in jobs(document).items():
        found += [f"job {name}: {offence}" for offence in find_job_offences(job)]
    return found


def find_step_offences(step):
    found = []
    if "${{" in str(step.get("run", "")):
        found.append("an expression in a shell line")
    if step.get("continue-on-error"):
        found.append("a step that may fail")
    if re.search(r"\|\|\s*true|set \+e", str(step.get("run", ""))):
        found.append("a failure that is swallowed")
    if (
        "actions/checkout@" in str(step.get("uses"))
        and (step.get("with") or {}).get("persist-credentials") is not False
    ):
        found.append("a checkout that leaves its token behind")
    return found


def find_job_offences(job):
    if "uses" in job:
        return [] if "permissions" in job else ["no permissions"]
    found = []
    used = {str(step.get("uses", "")) for step in job.get("steps") or []}
    if not isinstance(job.get("timeout-minutes"), int):
        found.append("no timeout")
    if "permissions" not in job:
        found.append("no permissions")
    if job.get("runs-on") != "ubuntu-latest":
        found.append("a runner that is skipped without a word where it does not exist")
    if job.get("services") or job.get("container"):
        found.append("services")
    if job.get("continue-on-error"):
        found.append("a job that may fail")
    writes = "write" in (job.get("permissions") or {}).values()
    runs_repo = bool(used & REPO_CODE) or any("run" in step for step in job.get("steps") or [])
    if runs_repo and (writes or SECRET.search(str(job))) and not job.get("environment"):
        found.append("code of the change beside a right to write or a secret")
    if "always()" in str(job.get("if", "")) and writes:
        found.append("a right to write whatever came before")
    return found


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_rule_is_broken(path):
    assert find_offences(path) == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_writes_does_so_one_at_a_time(path):
    """`act` ignores concurrency, so that it is there is read here."""
    document = read_yaml(path)
    for name, job in jobs(document).items():
        if "write" in (job.get("permissions") or {}).values():
            concurrency = job.get("concurrency") or document.get("concurrency")
            assert concurrency, name
            assert concurrency["cancel-in-progress"] is False, name


@pytest.mark.parametrize("path", TEMPLATE, ids=lambda path: path.name)
def test_callers_limit_concurrency_and_grant_nothing_at_the_top(path):
    text = path.read_text()
    assert "\npermissions: {}\n" in text
    assert "\nconcurrency:\n" in text
    assert "secrets" not in text
    assert "pull_request_target" not in text


def test_the_job_that_comments_never_checks_out_the_change():
    comment = read_yaml(ROOT / ".github/workflows/check.yml")["jobs"]["comment"]
    assert not [step for step in comment["steps"] if "checkout" in str(step.get("uses"))]
    assert comment["permissions"] == {"pull-requests": "write"}


def test_the_jobs_that_run_the_repos_code_only_read():
    for file, job in (("check.yml", "check"), ("lint.yml", "lint"), ("retrain.yml", "retrain")):
        assert read_yaml(ROOT / ".github/workflows" / file)["jobs"][job]["permissions"] == {"contents": "read"}


def test_the_job_that_proposes_installs_the_road_alone():
    propose = read_yaml(ROOT / "actions/propose/action.yml")["runs"]["steps"][0]
    assert propose["with"] == {"install": "road"}
    comment = read_yaml(ROOT / "actions/comment/action.yml")["runs"]["steps"][0]
    assert comment["with"] == {"install": "road"}


def test_compiled_modules_are_kept_under_the_name_by_which_they_are_brought_back():
    brought, kept = (
        next(step["with"] for step in read_yaml(ROOT / "actions" / name / "action.yml")["runs"]["steps"]
             if "cache/restore@" in str(step.get("uses")))
        for name in ("setup", "compiled")
    )  # fmt: skip
    assert (brought["path"], brought["key"]) == (kept["path"], kept["key"])
    assert "uv.lock" in kept["key"]


def test_a_job_that_may_write_takes_nothing_from_a_cache():
    """What a cache holds was made by a job that ran a change's code."""
    step = next(
        step
        for step in read_yaml(ROOT / "actions/setup/action.yml")["runs"]["steps"]
        if "cache/restore@" in str(step.get("uses"))
    )
    assert step["if"] == "${{ inputs.install == 'repo' }}"
    for file in WORKFLOWS:
        for name, job in jobs(read_yaml(file)).items():
            if "write" in (job.get("permissions") or {}).values():
                assert not [step for step in job["steps"] if "actions/cache" in str(step.get("uses"))], (file, name)


def test_uv_is_the_version_of_our_locks():
    locked = re.search(r"^uv==(\S+)", (ROOT / "requirements/demo.txt").read_text(), re.MULTILINE)[1]
    assert read_yaml(ROOT / "actions/setup/action.yml")["runs"]["steps"][0]["with"]["version"] == locked


def test_stand_ins_take_the_inputs_that_we_give():
    """A stand-in without an input that we use would hide that we use it."""
    for path in [*WORKFLOWS, *ACTIONS]:
        for step in steps(read_yaml(path)):
            use = re.match(r"([\w.-]+/[\w.-]+)(/[^@]+)?@", str(step.get("uses", "")))
            if use and use[1] != "actions/checkout":
                standin = read_yaml(STANDINS / use[1] / (use[2] or "").lstrip("/") / "action.yml")
                assert set(step.get("with") or {}) <= set(standin["inputs"]), (path, step)


GOOD = """
name: Good
on: {workflow_call: {}}
permissions: {}
jobs:
  road:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: {persist-credentials: false}
      - uses: $/actions/check
"""

BROKEN = {
    "top permissions": ("permissions: {}", "permissions: {contents: write}", "permissions at the top"),
    "no permissions at the top": ("permissions: {}\n", "", "permissions at the top"),
    "target": ("{workflow_call: {}}", "pull_request_target", "an event that gives"),
    "run": ("{workflow_call: {}}", "{workflow_run: {workflows: [x]}}", "an event that gives"),
    "tag": ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "not pinned"),
    "no comment": (" # v7.0.1", "", "not pinned"),
    "credentials": ("persist-credentials: false", "persist-credentials: true", "leaves its token"),
    "timeout": ("    timeout-minutes: 5\n", "", "no timeout"),
    "runner": ("ubuntu-latest", "ubuntu-lates", "a runner that is skipped"),
    "service": ("    timeout", "    services: {db: {image: x}}\n    timeout", "services"),
    "job error": ("    timeout", "    continue-on-error: true\n    timeout", "a job that may fail"),
    "step error": ("$/actions/check\n", "$/actions/check\n        continue-on-error: true\n", "a step that may fail"),
    "write": ("{contents: read}", "{contents: write}", "beside a right to write"),
    "secret": (
        "$/actions/check\n",
        "$/actions/check\n        env: {TOKEN: '${{ secrets.TOKEN }}'}\n",
        "beside a right to write or a secret",
    ),
    "paste": (
        "uses: $/actions/check",
        "run: echo ${{ github.event.pull_request.title }}",
        "an expression in a shell line",
    ),
    "swallow": ("uses: $/actions/check", "run: pavedroad check || true", "swallowed"),
}


def test_a_good_workflow_breaks_no_rule(tmp_path):
    (tmp_path / "good.yml").write_text(GOOD)
    assert find_offences(tmp_path / "good.yml") == []


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found(rule, tmp_path):
    old, new, words = BROKEN[rule]
    assert old in GOOD
    (tmp_path / "bad.yml").write_text(GOOD.replace(old, new, 1))
    offences = find_offences(tmp_path / "bad.yml")
    assert len(offences) == 1, offences
    assert words in offences[0]


def program(name):
    return str(Path(sys.executable).with_name(name))


def run_zizmor(files):
    command = [program("zizmor"), "--offline", "--strict-collection", "--persona=auditor", "--no-progress", *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_zizmor_finds_nothing_and_nothing_is_hidden_from_it():
    files = [*WORKFLOWS, *ACTIONS, ROOT / ".github/dependabot.yml"]
    assert run_zizmor(files).returncode == 0
    assert not [path for path in files if "zizmor:" in path.read_text()], "No finding is waved through."
    assert not list(ROOT.glob("**/zizmor.yml"))


def test_zizmor_would_find_an_injection(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text(GOOD.replace("uses: $/actions/check", "run: echo ${{ github.event.pull_request.title }}"))
    assert "template-injection" in run_zizmor([path]).stdout


def test_actionlint_and_shellcheck_find_nothing_in_workflows_actions_and_scripts():
    done = subprocess.run([sys.executable, ROOT / "tools/lint_actions.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_flaw_in_a_composites_shell_line_would_be_found(tmp_path):
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("lint_actions", ROOT / "tools/lint_actions.py")
    lint = module_from_spec(spec)
    spec.loader.exec_module(lint)
    shutil.copytree(ROOT / "actions", tmp_path / "actions")
    action = tmp_path / "actions/report/action.yml"
    action.write_text(action.read_text().replace("run: pavedroad report", "run: ls $HOME/${{ inputs.x }}"))
    assert lint.main(tmp_path) == 1


def test_the_pages_of_the_actions_are_up_to_date():
    command = [sys.executable, ROOT / "tools/document_actions.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
