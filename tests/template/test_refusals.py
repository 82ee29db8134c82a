"""Hostile and impossible answers: refused with the reason, nothing executed, nothing left anywhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException

from pavedroad_template import answers as rules
from pavedroad_template.extension import RefusedAnswersError

ROOT = Path(__file__).resolve().parents[2]

OUTSIDE = "/tmp/outside"  # noqa: S108 - a place that nothing may be written to
RUN = "cycler.__init__.__globals__.os.system('touch {canary}')"
NAMES = {
    "empty": "",
    "a space": " ",
    "two dots": "..",
    "up and out": "../../outside",
    "up within": "a/../../outside",
    "absolute": OUTSIDE,
    "a folder below": "a/b",
    "a backslash": "a\\b",
    "a drive": "C:\\outside",
    "a double quote": 'a"b',
    "a single quote": "a'b",
    "three quotes": "'''+__import__('os').system('touch {canary}')+'''",
    "a newline": "a\nb",
    "a newline at the end": "umbrella\n",
    "a carriage return": "a\rb",
    "a zero byte": "a\0b",
    "an escape": "\x1b[31mred",
    "a delete": "a\x7fb",
    "right to left": "a\u202eb",
    "a lone surrogate": "a\ud800b",
    "a line separator": "a\u2028b",
    "an emoji": "umbrella☂️",
    "other letters": "größe",
    "a letter that looks like another": "p\u0430nd\u0430s_x",
    "code": "<< 7 * 7 >>",
    "code that runs": f"<< {RUN} >>",
    "a block that runs": f"<% set x = {RUN} %>",
    "a line that runs": f"#% set x = {RUN}",
    "a second line that runs": f"a\n#% set x = {RUN}",
    "a comment": "a<# b #>",
    "a mark alone": "a<<b",
    "other code": "{{ 7 * 7 }}",
    "a shell": "$(touch {canary})",
    "a backtick": "`touch {canary}`",
    "a semicolon": "a;touch {canary}",
    "an option": "--help",
    "a dash first": "-umbrella",
    "a dash last": "umbrella-",
    "a digit first": "1umbrella",
    "a dot first": ".umbrella",
    "a dot": "um.brella",
    "a name of Windows": "con",
    "a port of Windows": "COM1",
    "a word of Python": "class",
    "a soft word of Python": "match",
    "a module of Python": "json",
    "a library": "sklearn",
    "another library": "Great-Expectations",
    "a folder of the repo": "tests",
    "101 characters": "a" * 101,
    "300 characters": "a" * 300,
    "a number": 7,
    "nothing": None,
    "yes": True,
    "a list": ["../outside"],
    "a table": {"a": "b"},
}
OTHERS = {
    "statement": ["", "  ", "a\nb", "a\0b", "x" * 301, "a\u202eb", "\ud83d", f"<< {RUN} >>", "\n#% set x = 1", "a<<b"],
    "owner": [
        "",
        "shop",
        "@",
        "@-shop",
        "@shop/",
        "@a b",
        "@shop\n* @evil",
        "a@b",
        "a@b c.de",
        "@shop #",
        f"<< {RUN} >>",
    ],
    "problem": ["ranking"],
    "target": ["", "a\nb", "x" * 201, f"<< {RUN} >>", "other"],
    "metric": ["", "accuracy_score", "mean absolute error", "__import__", f"<< {RUN} >>"],
    "data": ["/nowhere/table.csv", "\0", "..", f"<< {RUN} >>"],
    "max_latency_ms": ["", "0", "0.0", "-1", "nan", "inf", "1e9", "fast", "50 ms", "\u0665", "1" * 12, f"<< {RUN} >>"],
    "retrain": ["", "hourly", "61 * * * *", "* * * * * ; touch {canary}", f"<< {RUN} >>"],
    "road_repository": [
        *["", "org", "org/../x", "../..", "/nowhere", "/", "https://example.org/a/b", "a/b@c", "-a/b", "org/road\n"],
        *["https://user@github.com/a/b", "file:///etc", f"<< {RUN} >>"],
    ],
    "road_ref": [
        "",
        "main",
        "HEAD",
        "abc123",
        "A" * 40,
        "--help",
        "-x",
        "a" * 40 + "\n",
        "v9.9.9",
        "a b",
        f"<< {RUN} >>",
    ],
    "python_version": ["", "3.10", "3", "2.7", "3.12; x", "4.0", f"<< {RUN} >>"],
    "__package": ["../../outside", "other", f"<< {RUN} >>"],
    "__source": ["/etc/passwd", f"<< {RUN} >>"],
}
CASES = [("project", name, value) for name, value in NAMES.items()]
CASES += [(question, repr(value)[:30], value) for question, values in OTHERS.items() for value in values]


def aim(value, canary):
    return value.replace("{canary}", str(canary)) if isinstance(value, str) else value


def list_all(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def world(tmp_path):
    """A folder to generate into, deep enough that `../..` would show, and what lies around it."""
    out = tmp_path / "a" / "b" / "out"
    out.mkdir(parents=True)
    return out


@pytest.mark.parametrize(("question", "name", "value"), CASES, ids=[f"{q}: {n}" for q, n, _ in CASES])
def test_a_bad_answer_leaves_nothing_and_runs_nothing(question, name, value, generate, world, tmp_path, home):
    shutil.rmtree(home / "replay", ignore_errors=True)
    canary = tmp_path / "canary"
    # What follows from answers is no question: cookiecutter notes the answers before it is looked at.
    before = list_all(tmp_path), list_all(home)
    answers = {question: aim(value, canary)}
    if question == "__source":
        answers["data"] = "x.csv"
    with pytest.raises((RefusedAnswersError, ValueError)) as refused:
        generate(world, **answers)
    assert not canary.exists()
    after = [path for path in list_all(home) if not (question.startswith("__") and path.startswith("replay"))]
    assert (list_all(tmp_path), after) == before
    assert not Path(OUTSIDE).exists()
    said = str(refused.value)
    assert said.isprintable() or set(filter(lambda char: not char.isprintable(), said)) == {"\n"}
    assert len(said) < 2000


def test_the_canary_sings_where_nothing_guards(tmp_path, home, monkeypatch):
    """The same answer, in a template without the extension, does run: the test above can fail."""
    canary = tmp_path / "canary"
    bare = tmp_path / "bare"
    (bare / "<<cookiecutter.project>>").mkdir(parents=True)
    marks = json.loads((ROOT / "cookiecutter.json").read_text())["_jinja2_env_vars"]
    (bare / "cookiecutter.json").write_text(json.dumps({"project": "x", "_jinja2_env_vars": marks}))
    from cookiecutter.main import cookiecutter

    cookiecutter(
        str(bare),
        no_input=True,
        output_dir=str(tmp_path / "out"),
        config_file=str(home / "cookiecutter.yaml"),
        extra_context={"project": f"a<< {aim(RUN, canary)} >>"},
    )
    assert canary.exists()


@pytest.mark.parametrize("question", ["project", "owner", "target"])
def test_every_wrong_answer_is_named_at_once(question, good):
    wrong = {**good, "project": "..", "owner": "?", "target": " ", "retrain": "x"}
    assert sum(sentence.startswith(f"{question} ") for sentence in rules.find_problems(wrong)) >= 1
    assert rules.find_problems(good) == []


def cookiecutter_program(*arguments, outside):
    return subprocess.run(
        [sys.executable, "-m", "cookiecutter", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=outside,
        check=False,
    )


@pytest.mark.parametrize("answer", ["project=../../x", "owner=nobody", f"statement=<< {RUN} >>", "data=/nowhere.csv"])
def test_the_program_says_why_without_a_traceback(answer, tmp_path, outside, home):
    config = home / "cookiecutter.yaml"
    said = cookiecutter_program(
        "--no-input", ROOT, "-o", tmp_path / "out", "--config-file", config, answer, outside=outside
    )
    assert said.returncode == 1
    assert "Nothing was generated, because of these answers:\n  - " in said.stdout
    assert "Traceback" not in said.stdout + said.stderr
    assert not list(tmp_path.iterdir())


def test_a_table_refused_late_has_no_traceback_either(tmp_path, outside, home):
    (tmp_path / "t.csv").write_text("a,target\n" + "1,7\n" * 50)
    answers = (f"data={tmp_path / 't.csv'}", "target=target")
    config = home / "cookiecutter.yaml"
    said = cookiecutter_program(
        "--no-input", ROOT, "-o", tmp_path / "out", "--config-file", config, *answers, outside=outside
    )
    assert said.returncode == 1
    assert "the same value in every row" in said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("project", ["../../outside", OUTSIDE, "a\nb", "class"])
def test_a_replay_file_is_checked_like_typed_answers(project, world, tmp_path, outside, home, good):
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    context = {**questions, **good, "__package": "umbrella_sales", "__source": "", "project": project}
    context.pop("__prompts__")
    replay = tmp_path / "replay.json"
    replay.write_text(json.dumps({"cookiecutter": context}))
    before = list_all(tmp_path)
    config = home / "cookiecutter.yaml"
    said = cookiecutter_program(ROOT, "-o", world, "--replay-file", replay, "--config-file", config, outside=outside)
    assert said.returncode == 1
    assert "- project" in said.stdout
    assert list_all(tmp_path) == before
    assert not Path(OUTSIDE).exists()


def test_the_same_replay_file_with_a_good_name_gives_a_repository(world, tmp_path, outside, home, good):
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    context = {**questions, **good, "__package": "umbrella_sales", "__source": ""}
    context.pop("__prompts__")
    (tmp_path / "replay.json").write_text(json.dumps({"cookiecutter": context}))
    config = home / "cookiecutter.yaml"
    said = cookiecutter_program(
        ROOT, "-o", world, "--replay-file", tmp_path / "replay.json", "--config-file", config, outside=outside
    )
    assert said.returncode == 0, said.stderr
    assert (world / "umbrella-sales" / "pavedroad.toml").exists()


def test_the_hook_refuses_on_its_own(tmp_path, good, outside):
    """Rendered as cookiecutter would, but without the extension's check before it."""
    hook = (ROOT / "hooks" / "pre_gen_project.py").read_text()
    for project, code in (("umbrella-sales", 0), ("../x", 1), ("it's", 1)):
        context = json.dumps({"answers": {**good, "project": project}, "template": str(ROOT)}).replace("'", "\\u0027")
        script = tmp_path / "hook.py"
        script.write_text(hook.replace('<< {"answers": cookiecutter, "template": template_root}|tojson >>', context))
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=outside, check=False)
        assert done.returncode == code
        assert done.stderr.startswith("Refused: project") == bool(code)


def test_the_users_own_defaults_are_checked(tmp_path, outside, home, world):
    """~/.cookiecutterrc may hold answers; they are rendered as templates as well."""
    canary = tmp_path / "canary"
    config = tmp_path / "config.yaml"
    default = json.dumps({"statement": f"<< {aim(RUN, canary)} >>"})
    config.write_text((home / "cookiecutter.yaml").read_text() + f"default_context: {default}\n")
    said = cookiecutter_program("--no-input", ROOT, "-o", world, "--config-file", config, outside=outside)
    assert said.returncode == 1
    assert "template code" in said.stdout
    assert not canary.exists()
    assert not list(world.iterdir())


def test_an_output_folder_is_never_run(generate, tmp_path):
    canary = tmp_path / "canary"
    hostile = tmp_path / f"<< {RUN.replace('{canary}', 'canary').replace('/', '')} >>"
    hostile.mkdir()
    with pytest.raises(FailedHookException):
        generate(hostile)
    assert not canary.exists()
    assert not Path("canary").exists()
    assert [path.name for path in hostile.iterdir()] in ([], ["umbrella-sales"])
