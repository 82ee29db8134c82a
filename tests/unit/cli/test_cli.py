"""The command line: light until it works, one JSON document where one is asked for, words and an exit code always."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from settings_text import write_settings

from pavedroad.cli.main import VERBS
from pavedroad.foundation.project import STAGES

HEAVY = {
    "numpy", "pandas", "pyarrow", "scipy", "sklearn", "skops", "great_expectations", "evidently", "dvc", "cookiecutter",
    "vl_convert", "rich", "jinja2", "ruamel", "duckdb", "importlib.metadata", "asyncio", "unittest",
}  # fmt: skip
GROUPS = {"suite": "init", "data": "verify", "lint": "workflows", "signature": "check"}
COMMANDS = [[verb, GROUPS[verb]] if verb in GROUPS else [verb] for verb in VERBS]
IDS = [" ".join(words) for words in COMMANDS]


def run(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "pavedroad", *words],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


# --- light ----------------------------------------------------------------------------------------------------------


def imported(*words, cwd):
    """The modules that a command has imported when it ends."""
    program = (
        "import sys\n"
        "sys.argv = ['pavedroad', *sys.argv[1:]]\n"
        "from pavedroad.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n    print('\\nMODULES', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=cwd, capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("\nMODULES ")[2].split())


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"]], ids=" ".join)
def test_help_and_version_import_nothing_heavy(words, tmp_path):
    found = imported(*words, cwd=tmp_path)
    allowed = {"importlib.metadata"} if words == ["--version"] else set()
    assert not {name for name in HEAVY - allowed if name in found}
    assert not {name for name in found if name.startswith("pavedroad.")} - {"pavedroad.cli", "pavedroad.cli.main"} - {
        "pavedroad.errors", "pavedroad.report", "pavedroad.config", "pavedroad.__main__",
    }  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=IDS)
def test_help_of_a_verb_imports_no_vendor(words, tmp_path):
    found = imported(*words, "--help", cwd=tmp_path)
    assert not {name for name in HEAVY - {"importlib.metadata", "asyncio", "unittest"} if name in found}


# --- help -----------------------------------------------------------------------------------------------------------


def test_help_lists_every_verb_with_a_line_of_its_own(tmp_path):
    done = run("--help", cwd=tmp_path, COLUMNS="100")
    assert done.returncode == 0
    for verb, (_, help_) in VERBS.items():
        assert re.search(rf"^  {verb} +{re.escape(help_[:30])}", done.stdout, flags=re.MULTILINE)
    assert "Exit codes: 0 pass" in " ".join(done.stdout.split())


@pytest.mark.parametrize("words", COMMANDS, ids=IDS)
def test_every_verb_explains_itself_and_offers_json(words, tmp_path):
    done = run(*words, "--help", cwd=tmp_path, COLUMNS="100")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert len(done.stdout.split()) > 25


def test_version_is_the_one_that_is_installed(tmp_path):
    from importlib.metadata import version

    assert run("--version", cwd=tmp_path).stdout == f"pavedroad {version('pavedroad')}\n"


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "meant"), [("chekc", "check"), ("validat", "validate"), ("docter", "doctor")])
def test_a_verb_that_is_none_is_answered_with_the_one_that_was_meant(typed, meant, tmp_path):
    done = run(typed, cwd=tmp_path)
    assert done.returncode == 2
    assert f"'{typed}' is not a command. Did you mean '{meant}'?" in done.stderr


def test_a_verb_like_no_other_is_answered_with_all_of_them(tmp_path):
    assert f"Valid here: {', '.join(VERBS)}." in " ".join(run("xyzzy", cwd=tmp_path).stderr.split())


def one_document(done):
    assert "Traceback" not in done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.mark.parametrize("words", [words for words in COMMANDS if words != ["new"]], ids=[i for i in IDS if i != "new"])
def test_outside_a_repo_every_verb_says_so_in_words_and_as_one_document(words, tmp_path):
    more = ["--proposal", "x"] if words == ["propose"] else []
    done = run(*words, *more, "--json", cwd=tmp_path)
    document = one_document(done)
    assert done.returncode == document["exit_code"]
    assert done.returncode in {2, 3}
    assert document["error"]["what"] in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", COMMANDS, ids=IDS)
def test_a_wrong_option_is_one_document_too(words, tmp_path):
    done = run(*words, "--json", "--no-such-option", cwd=tmp_path)
    document = one_document(done)
    assert (done.returncode, document["exit_code"]) == (2, 2)
    assert "--no-such-option" in document["error"]["what"]


def test_an_answer_that_is_none_is_refused(tmp_path):
    done = run("new", "target", "--json", cwd=tmp_path)
    assert one_document(done)["error"]["what"] == "'target' is not an answer."
    assert done.returncode == 2


def test_a_wrong_setting_is_shown_with_its_line_and_the_nearest_key(world):
    root = world({"pavedroad.toml": "[project]\nnmae = 'x'\n"})
    done = run("validate", cwd=root)
    assert done.returncode == 2
    assert "project.nmae is not a setting" in done.stderr
    assert "pavedroad.toml:2" in done.stderr
    assert "Did you mean 'name'?" in done.stderr
    assert done.stdout == ""


def test_control_characters_from_a_file_do_not_reach_the_terminal(world):
    root = world({"pavedroad.toml": '[project]\n"\\u001b[31mred\\u0007" = 1\n'})
    done = run("validate", cwd=root)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


# --- what nobody foresaw --------------------------------------------------------------------------------------------

BROKEN = """
import sys
sys.argv = ["pavedroad", "doctor", *{more!r}]
import pavedroad.foundation.project
def fail(*_):
    raise {error}
pavedroad.foundation.project.find_project = fail
from pavedroad.cli.main import main
main()
"""


def broken(error, *more, **environment):
    program = BROKEN.format(error=error, more=more)
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_error_that_nobody_foresaw_is_no_verdict_and_no_traceback():
    done = broken("RuntimeError('oh no')", "--json")
    assert done.returncode == 3
    assert "failed with RuntimeError: oh no" in one_document(done)["error"]["what"]
    assert "PAVEDROAD_DEBUG" in done.stderr


def test_who_asks_for_it_is_shown_where_the_error_came_from():
    assert "Traceback" in broken("RuntimeError('oh no')", PAVEDROAD_DEBUG="1").stderr


def test_what_the_system_refuses_is_told_with_the_file():
    done = broken("PermissionError(13, 'Permission denied', '/some/file')", "--json")
    error = one_document(done)["error"]
    assert done.returncode == 3
    assert (error["what"], error["where"]) == ("The system refused: Permission denied.", "/some/file")


def test_ctrl_c_is_told_and_has_the_exit_code_that_shells_know():
    done = broken("KeyboardInterrupt()")
    assert done.returncode == 130
    assert "Interrupted" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback():
    program = "import sys; sys.argv = ['pavedroad', '--help']; from pavedroad.cli.main import run; run()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode != 0


def ended(last_words):
    """What the program prints and returns when its command line ends like this."""
    program = (
        "import atexit, sys, threading, time\n"
        "from pavedroad.cli import main as program\n"
        "def slow():\n    time.sleep(0.3)\n    print('thread')\n"
        "class Held:\n    def __del__(self):\n        print('taken apart')\n"
        "def main():\n"
        "    global held\n    held = Held()\n"
        "    atexit.register(print, 'at exit')\n    threading.Thread(target=slow).start()\n"
        f"    print('said')\n    {last_words}\n"
        "program.main = main\nprogram.run()\n"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("last_words", "code"), [("sys.exit(3)", 3), ("sys.exit()", 0), ("sys.exit(143)", 143)])
def test_the_end_is_quick_and_loses_nothing(last_words, code):
    done = ended(last_words)
    assert done.stdout.split("\n") == ["said", "thread", "at exit", ""]
    assert (done.returncode, done.stderr) == (code, "")


def test_what_nobody_foresaw_ends_as_python_ends():
    """The twin: without the quick end, what is held is taken apart, and the trace is seen."""
    done = ended("raise ValueError('odd')")
    assert "taken apart" in done.stdout
    assert "ValueError: odd" in done.stderr
    assert done.returncode == 1


# --- in a repo ------------------------------------------------------------------------------------------------------

REPO = {
    "pavedroad.toml": write_settings(
        validation='suite = "suite.json"',
        model='features = "a_noisy_shop.features:features"\ntrain = "a_noisy_shop.model:train"',
        gate="max_latency_ms = 10000",
    ),
    "data.csv": "id,rain,sold\n" + "".join(f"{n},{n % 7},{3 * (n % 7) + n % 3}\n" for n in range(200)),
    "params.yaml": "train:\n  alpha: 1e-3\n",
    "src/a_noisy_shop/__init__.py": "print('imported')\n",
    "src/a_noisy_shop/features.py": (
        "import os\nimport sys\n\n\ndef features(table):\n    print('making features')\n"
        "    os.write(1, b'from below\\n')\n    return table[['rain']]\n"
    ),
    "src/a_noisy_shop/model.py": (
        "from sklearn.linear_model import Ridge\n\n\ndef train(X, y, params):\n    print('training', params)\n"
        "    return Ridge(**params).fit(X, y)\n"
    ),
}


@pytest.fixture(scope="module")
def driven(tmp_path_factory, write_world):
    """A repo whose functions print, taken down the road verb by verb, each asked for JSON."""
    root = write_world(tmp_path_factory.mktemp("cli") / "repo", REPO)
    verbs = [["suite", "init"], ["validate"], ["train"], ["evaluate"], ["drift"], ["latency"], ["gate"], ["doctor"]]
    return root, {words[0]: run(*words, "--json", cwd=root) for words in verbs}


@pytest.mark.slow
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "package"])
def test_a_stage_is_one_document_although_the_repo_prints(driven, stage):
    _, done = driven
    document = one_document(done[stage])
    assert document["stage"] == stage
    assert document["outcome"] == "pass", document
    assert done[stage].returncode == 0
    if stage in {"train", "evaluate", "latency"}:
        assert "making features" in done[stage].stderr
        assert "from below" in done[stage].stderr


@pytest.mark.slow
def test_a_gate_without_a_pipeline_cannot_judge(driven):
    _, done = driven
    assert one_document(done["gate"])["outcome"] == "error"
    assert done["gate"].returncode == 3


@pytest.mark.slow
def test_the_doctor_names_what_is_missing(driven):
    _, done = driven
    document = one_document(done["doctor"])
    failed = {check["id"] for check in document["checks"] if check["outcome"] == "fail"}
    assert {"doctor.git", "doctor.pipeline"} <= failed
    assert "doctor.suite" not in failed
    assert done["doctor"].returncode == 1


@pytest.mark.slow
def test_a_first_suite_is_one_document(driven):
    root, done = driven
    document = one_document(done["suite"])
    assert document == {"suite": str(root / "suite.json"), "expectations": document["expectations"], "written": True}


@pytest.mark.slow
def test_numbers_of_parameters_arrive_as_numbers(driven):
    _, done = driven
    assert "{'alpha': 0.001}" in done["train"].stderr


@pytest.mark.slow
def test_a_failing_stage_has_exit_code_1_and_says_why_in_plain_lines(driven):
    root, _ = driven
    data = root / "data.csv"
    whole = data.read_text()
    data.write_text(whole.replace(",3,", ",300,"))
    try:
        done = run("validate", cwd=root)
    finally:
        data.write_text(whole)
    assert done.returncode == 1
    assert "`rain`" in done.stdout
    assert "suite.json:" in done.stdout
    assert "\x1b[" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("before", ["SIG_DFL", "SIG_IGN"])
def test_a_command_heeds_who_asks_it_to_end_unless_it_was_told_not_to(number, before):
    code = (
        f"import os, signal\nsignal.signal({int(number)}, signal.{before})\nfrom pavedroad.cli import main\n"
        f"def end(**_):\n    os.kill(os.getpid(), {int(number)})\n    print('went on')\n"
        "main.pavedroad = end\nmain.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    heard = before == "SIG_DFL"
    assert done.returncode == (128 + number if heard else 0), done.stderr
    assert ("went on" in done.stdout, "Interrupted." in done.stderr) == (not heard, heard)
