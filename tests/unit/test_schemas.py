"""The JSON schemas in the package say what the types say, and judge documents as the loaders do."""

import json
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest
from settings_text import write_settings

import pavedroad
from pavedroad import config
from pavedroad.config import parse_config
from pavedroad.errors import ConfigError
from pavedroad.report import Run, conclude, encode, judge

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(pavedroad.__file__).parent


@pytest.fixture(scope="module")
def tool(load_program):
    return load_program("tools/write_schemas.py")


def validator(name):
    schema = json.loads((PACKAGE / f"{name}.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_schemas_are_what_the_types_say(tool):
    assert len(tool.SCHEMAS) == 2
    for path, make in tool.SCHEMAS.items():
        assert path.read_bytes() == encode(make()), f"Run: python tools/write_schemas.py ({path.name} is behind)"


def test_the_tool_writes_the_schemas_of_this_checkout(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tool, "SOURCE", tmp_path / "src")
    monkeypatch.setattr(tool, "SCHEMAS", {tmp_path / "src" / "x.schema.json": lambda: {"a": 1}})
    tool.main()
    assert (tmp_path / "src" / "x.schema.json").read_text() == '{\n  "a": 1\n}\n'
    assert "x.schema.json" in capsys.readouterr().out


# --- reports --------------------------------------------------------------------------------------------------------


def report(**changes):
    run = Run(started="2026-03-02T08:15:00Z", duration_s=1.0)
    made = conclude("validate", [judge("a", "A holds", ok=True, observed={"low": 1.5})], run=run)
    return {**msgspec.to_builtins(made), **changes}


def test_a_good_report_fits_its_schema():
    assert list(validator("report").iter_errors(report())) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "pavedroad.report/2"},
        {"outcome": "passed"},
        {"verdict": "pass"},
        {"checks": "none"},
        {"checks": [{"id": "a", "title": "A"}]},
        {"checks": [{"id": "a", "title": "A", "outcome": "pass", "observed": [[1]]}]},
        {"figures": [{"id": "a", "kind": "script", "title": "A", "data": {}}]},
        {"inputs": [{"path": "a"}]},
    ],
    ids=str,
)
def test_a_bad_report_does_not_fit_its_schema(changes):
    assert not validator("report").is_valid(report(**changes))


# --- settings -------------------------------------------------------------------------------------------------------

GOOD = write_settings()

# What is added to the good settings (a section may be given again below), and whether that is valid.
CASES = {
    "nothing more": ("", True),
    "every number at a bound that is allowed": (
        "[drift]\nmin_effect = 0\nmin_rows = 2\n[gate]\nmargin = 0\nconfidence = 0.5",
        True,
    ),
    "a whole number for a float": ("[gate]\nmax_latency_ms = 50", True),
    "an empty list of columns": ("[drift]\ncolumns = []", True),
    "stages left out": ('[gate]\nrequired = ["evaluate"]', True),
    "an unknown section": ("[gates]\nmargin = 1", False),
    "an unknown key": ("[gate]\nmargins = 1", False),
    "text for a number": ('[gate]\nmargin = "1"', False),
    "a boolean for a number": ("[gate]\nmargin = true", False),
    "a number for text": ("[validation]\nengine = 1", False),
    "empty text for a name": ('[drift]\nengine = ""', False),
    "a list for text": ('[validation]\nsuite = ["a"]', False),
    "a negative margin": ("[gate]\nmargin = -0.1", False),
    "certainty": ("[gate]\nconfidence = 1.0", False),
    "less confidence than a coin": ("[gate]\nconfidence = 0.49", False),
    "a budget of nothing": ("[gate]\nmax_size_mb = 0", False),
    "no stage required": ("[gate]\nrequired = []", False),
    "an unknown stage": ('[gate]\nrequired = ["deploy"]', False),
    "no false alarm ever": ("[drift]\nfalse_alarm_rate = 0", False),
    "one row": ("[drift]\nmin_rows = 1", False),
    "half a row": ("[drift]\nmin_rows = 2.5", False),
    "a path out of the repo": ('[validation]\nsuite = "../suite.json"', False),
    "a path out of the repo, later": ('[validation]\nsuite = "a/../../suite.json"', False),
    "an absolute path": ('[validation]\nsuite = "/etc/passwd"', False),
    "a name with two dots that leads nowhere": ('[validation]\nsuite = "a..b/suite.json"', True),
}


@pytest.mark.parametrize(("added", "valid"), CASES.values(), ids=CASES)
def test_schema_and_loader_agree(added, valid):
    text = GOOD + added
    assert validator("config").is_valid(tomllib.loads(text)) is valid
    if valid:
        parse_config(text)
    else:
        with pytest.raises(ConfigError):
            parse_config(text)


@pytest.mark.parametrize(
    "line",
    [line for line in GOOD.splitlines() if line and not line.startswith("[")],
    ids=lambda line: line.split(" =")[0],
)
def test_schema_and_loader_agree_that_a_setting_without_a_default_must_be_there(line):
    text = GOOD.replace(line, "", 1)
    assert not validator("config").is_valid(tomllib.loads(text))
    with pytest.raises(ConfigError, match="is missing"):
        parse_config(text)


def test_the_defaults_in_the_schema_are_the_defaults():
    definitions = config.json_schema()["$defs"]
    for section, settings in config.default_settings().items():
        definition = definitions[section.capitalize()]
        for key, value in settings.items():
            if key not in definition.get("required", []):
                assert definition["properties"][key]["default"] == value
