"""Reading ``pavedroad.toml`` into typed, strict settings.

The defaults are data (``defaults.toml``); the repo's file is laid over them key by key and the result must fit the
types of ``settings.py`` exactly. An unknown key, a wrong type, a number that is not finite or a key written twice is an
error that names the line and, where one is near, the key that was meant.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from pavedroad.errors import ConfigError
from pavedroad.report import describe_type
from pavedroad.settings import PATTERNS_IN_WORDS, Config

FILE_NAME = "pavedroad.toml"

_TYPES_IN_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "a text",
}


def load_config(path: Path) -> Config:
    """Read a repo's ``pavedroad.toml`` over the defaults.

    Raises:
        ConfigError: the file is missing or not valid; the error names the line and the nearest valid key.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("\ufeff"):
            raise ConfigError(
                "The file begins with a byte order mark.", where=path, line=1, next_step="Save it as UTF-8 without one."
            )
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no {FILE_NAME} here.",
            where=path,
            next_step="Run the command inside a generated repo, or make one with: pavedroad new.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration cannot be read: {error}.", where=path) from error
    return parse_config(text, where=path)


def parse_config(text: str, *, where: Path | str = FILE_NAME) -> Config:
    """Read settings from the text of a ``pavedroad.toml``; see :func:`load_config`."""
    try:
        written = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits is no TOMLDecodeError
        found = re.search(r"at line (\d+)", str(error))
        raise ConfigError(
            f"This is not valid TOML: {error}.",
            where=where,
            line=int(found[1]) if found else len(text.splitlines()),
            next_step=_find_list_twice(str(error)) or "A key may stand only once, and text needs quotes.",
        ) from error
    defaults = default_settings()
    _refuse_unknown(written, defaults, text, where)
    _refuse_non_finite(written, text, where)
    merged = {section: {**settings, **written.get(section, {})} for section, settings in defaults.items()}
    try:
        config = msgspec.convert(merged, Config)
    except msgspec.ValidationError as error:
        raise _explain(error, written, text, where) from error
    if config.drift.fail_effect < config.drift.min_effect:
        raise ConfigError(
            "drift.fail_effect is smaller than drift.min_effect, so nothing could ever warn.",
            where=where,
            line=find_line(text, "drift", "fail_effect"),
        )
    _require_training(config, text, where)
    _require_split(config, text, where)
    return config


def _require_split(config: Config, text: str, where: Path | str) -> None:
    """A way to keep rows apart that there is something for: a group, a time, or classes."""
    if config.data.split == "group" and not config.data.group:
        raise ConfigError(
            'data.split is "group", but data.group names no column.',
            where=where,
            line=find_line(text, "data", "split"),
            next_step='Name the column that rows belong to, for example: group = "customer".',
        )
    if config.data.split == "time" and not config.data.time:
        raise ConfigError(
            'data.split is "time", but data.time names no column.',
            where=where,
            line=find_line(text, "data", "split"),
            next_step='Name the column that orders the rows, for example: time = "date".',
        )
    if config.data.split == "stratified" and config.objective.problem == "regression":
        raise ConfigError(
            'data.split is "stratified", but a regression problem has no classes to keep the shares of.',
            where=where,
            line=find_line(text, "data", "split"),
            next_step='Use split = "random", or name a column of groups or times.',
        )


def _require_training(config: Config, text: str, where: Path | str) -> None:
    """One way to train: two functions, or a command with the files it writes."""
    model = config.model
    line = find_line(text, "model")
    try:
        blank = bool(model.command) and not model.words
    except ValueError as error:
        raise ConfigError(
            f"model.command cannot be split into words: {error}.",
            where=where,
            line=find_line(text, "model", "command"),
            next_step='Write it word by word: command = ["python", "train.py"].',
        ) from error
    if blank:
        raise ConfigError("model.command is blank.", where=where, line=find_line(text, "model", "command"))
    written = model.artifact or model.predictions or model.metrics
    needed = ([] if written else ["artifact"]) if model.command else ["features", "train"]
    for key in needed:
        if not getattr(model, key):
            raise ConfigError(
                f"model.{key} is missing.",
                where=where,
                line=line,
                next_step=f"Add to [model]: {key} = …"
                + (", the model file that the command writes." if model.command else ", or a command that trains."),
            )
    for one, other, why in (
        ("train", "command", "there is one way to train"),
        ("artifact", "predictions", "a command gives either a model or predictions"),
        ("train", "predictions", "only a command gives predictions"),
        ("features", "predictions", "no features are made where there is no model"),
        ("train", "metrics", "only a command writes figures of its own"),
        *(
            [("features", "metrics", "no features are made where there is no model")]
            if model.gives == "metrics"
            else []
        ),
    ):
        if getattr(model, one) and getattr(model, other):
            raise ConfigError(
                f"Both model.{one} and model.{other} are given, but {why}.",
                where=where,
                line=find_line(text, "model", other),
                next_step="Remove one of them.",
            )


def _find_list_twice(problem: str) -> str:
    """What to do where a list is written as ``key = []`` and, below, table by table; empty for other problems."""
    found = re.search(r"immutable namespace \('(\w+)', '(\w+)'\)", problem)
    if found is None:
        return ""
    section, key = found.groups()
    return f"Remove the line `{key} = …` from [{section}]: `[[{section}.{key}]]` takes its place."


def default_settings() -> dict[str, dict[str, Any]]:
    """The defaults, as they stand in ``defaults.toml``."""
    return tomllib.loads(Path(__file__).with_name("defaults.toml").read_text(encoding="utf-8"))


def json_schema() -> dict[str, Any]:
    """The JSON schema of ``pavedroad.toml``: the types of the settings, with the keys that have a default optional."""
    schema = describe_type(Config, FILE_NAME)
    defaults = default_settings()
    definitions = schema["$defs"]
    for section, settings in defaults.items():
        definition = definitions[section.capitalize()]
        needed = [key for key in definition["required"] if settings[key] == "" and key in _must_be_given()[section]]
        definition["required"] = needed
        if not needed:
            definition.pop("required")
        for key, value in settings.items():
            if key not in needed:
                definition["properties"][key]["default"] = value
    ways = (["features", "train"], ["command", "artifact"], ["command", "predictions"], ["command", "metrics"])
    definitions["Model"]["anyOf"] = [{"required": list(way)} for way in ways]
    definitions["Config"]["required"] = [
        name for name in defaults if definitions[name.capitalize()].keys() & {"required", "anyOf"}
    ]
    return schema


def find_line(text: str, section: str, key: str | None = None) -> int | None:
    """The line (from 1) on which ``key`` of ``section`` is written in a TOML text, or the section's header."""
    header = re.compile(rf"^\s*\[\s*{re.escape(section)}\s*\]")
    entry = None if key is None else re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*[=.]""")
    dotted = None if key is None else re.compile(rf"^\s*{re.escape(section)}\s*\.\s*{re.escape(key)}\s*=")
    at_header: int | None = None
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            inside = bool(header.match(line))
            if inside:
                at_header = number
        elif (dotted and dotted.match(line)) or (inside and entry and entry.match(line)):
            return number
    return at_header


def nearest(name: str, valid: list[str]) -> str:
    """``" Did you mean 'x'?"`` for the closest valid name, else the list of all of them."""
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Valid here: {', '.join(valid)}."


def _must_be_given() -> dict[str, set[str]]:
    return {
        "project": {"name", "owner"},
        "objective": {"problem", "target", "metric"},
        "data": {"train"},
        "validation": set(),
        "model": set(),
        "drift": set(),
        "gate": set(),
        "tracking": set(),
    }


def _refuse_unknown(written: dict[str, Any], defaults: dict[str, dict[str, Any]], text: str, where: Path | str) -> None:
    for section, settings in written.items():
        if section not in defaults:
            places = [f"{name}.{section}" for name, keys in defaults.items() if section in keys]
            hint = f"Did you mean {places[0]!r}?" if places else nearest(section, list(defaults))
            raise ConfigError(
                f"{section!r} is not a section of {FILE_NAME}.",
                where=where,
                line=find_line(text, section) or _find_top_level(text, section),
                next_step=hint,
            )
        if not isinstance(settings, dict):
            raise ConfigError(
                f"{section!r} is a section, not a value.",
                where=where,
                line=_find_top_level(text, section),
                next_step=f"Write [{section}] on a line of its own.",
            )
        for key in settings:
            if key not in defaults[section]:
                raise ConfigError(
                    f"{section}.{key} is not a setting.",
                    where=where,
                    line=find_line(text, section, key),
                    next_step=nearest(key, list(defaults[section])),
                )


def _refuse_non_finite(written: dict[str, Any], text: str, where: Path | str) -> None:
    for section, settings in written.items():
        for key, value in settings.items():
            for number in _find_numbers(value):
                if not math.isfinite(number):
                    raise ConfigError(
                        f"{section}.{key} is {number}, which is not a number to compare with.",
                        where=where,
                        line=find_line(text, section, key),
                    )


def _find_numbers(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, list | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _find_numbers(entry)


def _explain(error: msgspec.ValidationError, written: dict[str, Any], text: str, where: Path | str) -> ConfigError:
    message, _, path = str(error).partition(" - at ")
    section, _, rest = path.strip("`$.").partition(".")
    key = re.split(r"[\[.]", rest)[0]
    line = find_line(text, section, key) or _find_top_level(text, section)
    named = f"{section}.{key}" if key else section
    if key not in written.get(section, {}):
        return ConfigError(
            f"{named} is missing.",
            where=where,
            line=line,
            next_step=f"Add to [{section}]: {key} = … ({message}).",
        )
    unknown = re.fullmatch(r"Object contains unknown field `(.+)`", message)
    if unknown:
        return ConfigError(
            f"{unknown[1]!r} is not a key of {named}.",
            where=where,
            line=line,
            next_step=nearest(unknown[1], _find_keys(path.strip("`$."))),
        )
    for pattern, words in PATTERNS_IN_WORDS.items():
        message = message.replace(f"`str` matching regex {pattern!r}", words)
    for type_, words in _TYPES_IN_WORDS.items():
        message = message.replace(f"`{type_}`", words)
    return ConfigError(f"{named} is not valid: {message[0].lower()}{message[1:]}.", where=where, line=line)


def _find_keys(path: str) -> list[str]:
    """The keys that a table inside a section may have; ``path`` is msgspec's, for example ``gate.waiver[...]``."""
    type_: inspect.Type = inspect.type_info(Config)
    for step in re.findall(r"\w+|\[\.\.\.\]", path):
        if isinstance(type_, inspect.StructType):
            type_ = next(field.type for field in type_.fields if field.encode_name == step)
        elif isinstance(type_, inspect.DictType):
            type_ = type_.value_type
        elif isinstance(type_, inspect.ListType):
            type_ = type_.item_type
    return [field.encode_name for field in type_.fields] if isinstance(type_, inspect.StructType) else []


def _find_top_level(text: str, key: str) -> int | None:
    entry = re.compile(rf"""^\s*\[*\s*["']?{re.escape(key)}["']?\s*[\].=]""")
    return next((n for n, line in enumerate(text.splitlines(), start=1) if entry.match(line)), None)
