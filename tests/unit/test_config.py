"""Settings: strict, with the line and the nearest valid key in every refusal."""

import random
import string
import tomllib

import msgspec
import pytest

from pavedroad.config import FILE_NAME, default_settings, load_config, nearest, parse_config
from pavedroad.errors import ConfigError
from pavedroad.foundation.project import find_project
from pavedroad.settings import Config

GOOD = """\
[project]
name = "Umbrella sales"
owner = "@shop/forecasting"
[objective]
problem = "regression"
target = "sold"
metric = "mean_absolute_error"
[data]
train = "data/sales.csv"
[model]
features = "umbrella.features:features"
train = "umbrella.model:train"
[gate]
confidence = 0.95
"""


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return caught.value


def line_of(text, beginning):
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(beginning))


# --- defaults -------------------------------------------------------------------------------------------------------


def test_the_defaults_name_exactly_the_settings_there_are():
    types = {field.name: field.type for field in msgspec.structs.fields(Config)}
    found = {name: {field.name for field in msgspec.structs.fields(type_)} for name, type_ in types.items()}
    assert {section: set(settings) for section, settings in default_settings().items()} == found


def test_every_default_is_in_its_range():
    config = parse_config(GOOD)
    for section, settings in default_settings().items():
        for key, value in settings.items():
            if f"\n{key} = " not in GOOD:
                assert msgspec.to_builtins(getattr(getattr(config, section), key)) == value


def test_what_is_written_counts_more_than_the_default():
    assert parse_config(GOOD.replace("0.95", "0.9")).gate.confidence == 0.9


def test_a_change_to_what_was_read_cannot_change_the_defaults():
    default_settings()["gate"]["required"].clear()
    assert parse_config(GOOD).gate.required


# --- what is refused, and what is said ------------------------------------------------------------------------------

# Replace the first by the second; the error names the line that begins with the third and holds the fourth.
WRONG = {
    "an unknown key": ("confidence =", "confidnce =", "confidnce", "gate.confidnce", "'confidence'"),
    "an unknown section": ("[gate]", "[gates]", "[gates]", "'gates' is not a section", "'gate'"),
    "a key of another section, as a section": (
        "[gate]",
        "[holdout]\na = 1\n[gate]",
        "[holdout]",
        "section",
        "data.holdout",
    ),
    "a key before any section": ("[project]", "holdout = 0.5\n[project]", "holdout", "section", "data.holdout"),
    "a value where a section belongs": (
        GOOD,
        "gate = 1\n" + GOOD.partition("[gate]")[0],
        "gate",
        "'gate' is a section",
        "[gate]",
    ),
    "a list where a section belongs": ("[gate]", "[[gate]]", "[[gate]]", "'gate' is a section", "[gate]"),
    "text for a number": ("0.95", '"0.95"', "confidence", "gate.confidence", "expected a number"),
    "a boolean for a number": ("0.95", "true", "confidence", "gate.confidence", "xpected a number"),
    "a number for text": ('"sold"', "1", "target", "objective.target", "xpected a text"),
    "a table for text": ('target = "sold"', 'target.name = "sold"', "target", "objective.target", "xpected a text"),
    "a number out of its range": ("0.95", "1.5", "confidence", "gate.confidence", "< 1"),
    "a word that is not offered": ('"regression"', '"ranking"', "problem", "objective.problem", "ranking"),
    "a number that is none": ("0.95", "nan", "confidence", "gate.confidence is nan", "not a number"),
    "a number without end": ("0.95", "inf", "confidence", "gate.confidence is inf", "not a number"),
    "an absolute path": ('"data/sales.csv"', '"/etc/passwd"', "train", "data.train", "stays inside the repo"),
    "a path that leaves the repo": ('"data/sales.csv"', '"../x.csv"', "train", "data.train", "stays inside the repo"),
    "an import path without a function": (
        "umbrella.features:features",
        "umbrella.features",
        "features",
        "model.features",
        "package.module:function",
    ),
    "an import path that is code": (
        "umbrella.features:features",
        "os:system('x')",
        "features",
        "model.features",
        "package.module:function",
    ),
    "a key that stands twice": (
        "confidence = 0.95",
        "confidence = 0.9\nconfidence = 0.95",
        "confidence = 0.95",
        "Cannot overwrite",
        "once",
    ),
    "a section that stands twice": ("[gate]", "[project]\n[gate]", "[project]\n", "Cannot declare", "once"),
    "text without quotes": ('"sold"', "sold", "target", "not valid TOML", "quotes"),
    "effects the wrong way round": (
        "[gate]",
        "[drift]\nmin_effect = 0.5\nfail_effect = 0.1\n[gate]",
        "fail_effect",
        "drift.fail_effect",
        "",
    ),
    "a split by time without a time": (
        'train = "data',
        'split = "time"\ntrain = "data',
        "split",
        "data.time",
        'time = "date"',
    ),
    "shares of classes where there are none": (
        'train = "data',
        'split = "stratified"\ntrain = "data',
        "split",
        "has no classes",
        'split = "random"',
    ),
    "an empty name": ('"Umbrella sales"', '""', "name", "project.name", "length"),
}


@pytest.mark.parametrize(("old", "new", "at", "what", "also"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_refused_with_its_line_and_what_was_meant(old, new, at, what, also):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    error = refusal(text)
    assert what in error.what
    assert also in f"{error.what} {error.next_step}"
    lines = text.splitlines()
    if at.endswith("\n"):  # the second of two equal lines
        at = at.strip()
        assert error.line == max(number for number, line in enumerate(lines, 1) if line == at)
    else:
        assert lines[error.line - 1].startswith(at)


MISSING = {
    "name": "project",
    "owner": "project",
    "problem": "objective",
    "target": "objective",
    "metric": "objective",
    "features": "model",
}


@pytest.mark.parametrize(("key", "section"), MISSING.items())
def test_a_missing_setting_is_named_with_the_line_of_its_section(key, section):
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))
    error = refusal(text)
    assert error.what == f"{section}.{key} is missing."
    assert error.line == line_of(text, f"[{section}]")
    assert f"{key} = …" in error.next_step


@pytest.mark.parametrize("section", ["data", "model"])
def test_a_missing_setting_is_not_taken_for_one_of_the_same_name_elsewhere(section):
    before, header, after = GOOD.partition(f"[{section}]\n")
    kept = after.splitlines()
    kept.remove(next(line for line in kept if line.startswith("train =")))
    error = refusal(before + header + "\n".join(kept))
    assert error.what == f"{section}.train is missing."


WAYS = {
    "nothing": ("", "model.features is missing."),
    "features alone": ('features = "a.b:c"', "model.train is missing."),
    "a command alone": ('command = ["python", "train.py"]', "model.artifact is missing."),
    "both": (
        'features = "a.b:c"\ntrain = "a.b:d"\ncommand = ["python", "train.py"]\nartifact = "out/model.skops"',
        "Both model.train and model.command are given, but there is one way to train.",
    ),
    "features that are no path": ('features = "hamilton:"\ntrain = "a.b:d"', "model.features is not valid"),
}


@pytest.mark.parametrize(("model", "what"), WAYS.values(), ids=WAYS)
def test_there_is_one_way_to_train(model, what):
    error = refusal(GOOD.partition("[model]")[0] + f"[model]\n{model}\n")
    assert error.what.startswith(what)
    assert error.line is not None


@pytest.mark.parametrize(
    "model",
    [
        'command = ["python", "train.py"]\nartifact = "out/model.skops"',
        'command = ["python", "train.py"]\nartifact = "out/model.skops"\nmetrics = "out/metrics.json"',
        'command = ["python", "train.py"]\npredictions = "out/p.csv"\nmetrics = "out/metrics.json"',
        'command = ["python", "train.py"]\nmetrics = "out/metrics.json"',
        'features = "hamilton:shop.columns"\ntrain = "shop.model:train"',
        'features = "shop.columns:make"\ncommand = ["python", "train.py"]\nartifact = "out/model.skops"',
    ],
)
def test_ways_to_train_that_are_fine(model):
    found = parse_config(GOOD.partition("[model]")[0] + f"[model]\n{model}\n").model
    assert {key: getattr(found, key) for key in tomllib.loads(model)} == tomllib.loads(model)


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        ('baseline = "linear"', True),
        ('baseline = "shop.rules:guess"', True),
        ('baseline = "sql:SELECT 1 FROM holdout"', True),
        ('baseline = "sql:"', False),
        ('baseline = "liner"', False),
    ],
)
def test_a_baseline_is_a_name_a_function_or_a_rule(line, fine):
    text = GOOD.replace("[data]", f"{line}\n[data]")
    if fine:
        parse_config(text)
    else:
        assert "seasonal-naive" in refusal(text).what


@pytest.mark.parametrize(
    ("gap", "fine"), [("7", True), ('"7d"', True), ('"12 h"', True), ("-1", False), ('"7"', False)]
)
def test_a_gap_is_rows_or_a_length_of_time(gap, fine):
    text = GOOD.replace("[data]", f"[data]\ngap = {gap}")
    if fine:
        parse_config(text)
    else:
        assert "data.gap is not valid" in refusal(text).what


def test_a_split_by_group_needs_its_column():
    assert "data.group names no column" in refusal(GOOD.replace("[data]", '[data]\nsplit = "group"')).what
    parse_config(GOOD.replace("[data]", '[data]\nsplit = "group"\ngroup = "shop"'))


def test_a_whole_section_that_is_missing_is_named():
    error = refusal(GOOD.replace("[project]", "").replace('name = "Umbrella sales"\nowner = "@shop/forecasting"', ""))
    assert error.what == "project.name is missing."


# --- ways to write the same -----------------------------------------------------------------------------------------


def test_dotted_keys_and_inline_tables_mean_the_same_as_sections():
    dotted = "\n".join(
        f"{section}.{key} = {value!r}".replace("'", '"')
        for section, settings in tomllib.loads(GOOD).items()
        for key, value in settings.items()
    )
    inline = "\n".join(
        f"{section} = {{ {', '.join(f'{k} = {v!r}' for k, v in settings.items())} }}".replace("'", '"')
        for section, settings in tomllib.loads(GOOD).items()
    )
    assert parse_config(dotted) == parse_config(inline) == parse_config(GOOD)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("project.name = 1\n" + GOOD.partition("[objective]")[1] + GOOD.partition("[objective]")[2], 1),
        ('project = { name = 1, owner = "a" }\n[objective]' + GOOD.partition("[objective]")[2], 1),
    ],
    ids=["dotted", "inline"],
)
def test_a_wrong_value_is_found_however_it_is_written(text, line):
    error = refusal(text)
    assert "project.name is not valid" in error.what
    assert error.line == line


def test_quoted_keys_are_the_same_keys():
    assert parse_config(GOOD.replace("target =", '"target" =')) == parse_config(GOOD)
    assert refusal(GOOD.replace("target =", '"targt" =')).line == line_of(GOOD, "target =")


# --- the file -------------------------------------------------------------------------------------------------------


def test_line_ends_of_windows_make_no_difference(world):
    root = world({FILE_NAME: GOOD.replace("\n", "\r\n")})
    assert load_config(root / FILE_NAME) == parse_config(GOOD)


def test_a_byte_order_mark_is_refused_in_words(world):
    root = world({FILE_NAME: "\ufeff" + GOOD})
    with pytest.raises(ConfigError, match="byte order mark") as caught:
        load_config(root / FILE_NAME)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\xff\xfe", "cannot be read"), (GOOD.encode("utf-16"), "cannot be read"), (b"a = 1\0", "not valid TOML")],
    ids=["not UTF-8", "UTF-16", "a NUL byte"],
)
def test_a_file_that_is_no_text_is_refused(world, content, what):
    with pytest.raises(ConfigError, match=what):
        load_config(world({FILE_NAME: content}) / FILE_NAME)


def test_an_empty_file_says_what_is_missing_first(world):
    with pytest.raises(ConfigError, match=r"project\.name is missing"):
        load_config(world({FILE_NAME: ""}) / FILE_NAME)


def test_a_folder_of_that_name_is_refused(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / FILE_NAME)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigError, match="There is no") as caught:
        load_config(tmp_path / FILE_NAME)
    assert "pavedroad new" in caught.value.next_step


def test_nesting_without_end_is_refused():
    error = refusal("a = " + "[" * 100_000)
    assert "not valid TOML" in error.what


def test_a_project_is_found_from_a_folder_inside_it(world):
    root = world({FILE_NAME: GOOD, "src/umbrella/model.py": ""})
    assert find_project(root / "src" / "umbrella").root == root.resolve()


def test_outside_any_project_the_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="in any folder above it") as caught:
        find_project(tmp_path)
    assert str(tmp_path.resolve()) in caught.value.what


# --- typing errors --------------------------------------------------------------------------------------------------


def mutate(name, chooser):
    """One character more, less, another or two swapped: what fingers do."""
    place = chooser.randrange(len(name))
    letter = chooser.choice(string.ascii_lowercase + "_")
    return chooser.choice(
        [
            name[:place] + name[place + 1 :],
            name[:place] + letter + name[place:],
            name[:place] + letter + name[place + 1 :],
            name[:place] + name[place + 1 : place + 2] + name[place] + name[place + 2 :],
        ]
    )


def typing_errors(count):
    chooser = random.Random(7)  # noqa: S311 - the same errors each time
    keys = [(section, key) for section, settings in default_settings().items() for key in settings]
    made = set()
    while len(made) < count:
        section, key = chooser.choice(keys)
        wrong = mutate(key, chooser)
        if wrong and wrong not in default_settings()[section]:
            made.add((section, key, wrong))
    return sorted(made)


def test_500_typing_errors_in_keys_are_all_refused_with_their_line_and_nearly_all_with_the_right_key():
    found = 0
    for section, key, wrong in typing_errors(500):
        text = GOOD.replace(f"[{section}]\n", f"[{section}]\n{wrong} = 1\n")
        if f"[{section}]" not in GOOD:
            text = GOOD + f"[{section}]\n{wrong} = 1\n"
        error = refusal(text)
        assert f"{section}.{wrong} is not a setting" in error.what
        assert text.splitlines()[error.line - 1] == f"{wrong} = 1"
        found += f"'{key}'" in error.next_step
    assert found >= 450


def test_the_nearest_name_is_suggested_and_without_one_all_are_listed():
    assert nearest("vlidate", ["validate", "train"]) == "Did you mean 'validate'?"
    assert nearest("xyz", ["validate", "train"]) == "Valid here: validate, train."


def test_a_list_that_is_written_in_both_ways_is_told_which_line_goes():
    waiver = """\
[[gate.waiver]]
check = "gate.latency"
reason = "The sensor is new this week."
by = "@ada"
until = "2099-01-01"
"""
    assert parse_config(f"{GOOD}{waiver}").gate.waiver[0].by == "@ada"
    found = refusal(f"{GOOD}waiver = []\n{waiver}")
    assert found.next_step == "Remove the line `waiver = …` from [gate]: `[[gate.waiver]]` takes its place."
