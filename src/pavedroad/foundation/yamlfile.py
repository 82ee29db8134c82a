"""Reading YAML strictly: version 1.2, no duplicate keys, no aliases, nothing but plain data."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent

from pavedroad.errors import ConfigError

MAX_BYTES = 4 * 1024 * 1024
MOST_ALIASES = 50
MOST_NODES = 100_000
"""Values that a file may stand for when every alias is written out."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Version 1.2 reads ``1e-3`` as a number and ``NO`` as text. Aliases are refused, because a few lines of them can
    stand for more data than any memory holds.

    Raises:
        ConfigError: the file is missing, too large, not YAML, not a mapping, or uses an alias.
    """
    return parse_yaml(_read_bytes(path), path)


def parse_yaml(content: bytes, where: Path) -> dict[str, Any]:
    """Read a YAML mapping from the bytes of a file, as :func:`read_yaml` does.

    Raises:
        ConfigError: see :func:`read_yaml`.
    """
    return _parse(content, where, YAML(typ="safe", pure=True), most_aliases=0)


def refuse_bomb(path: Path) -> None:
    """Refuse a YAML file that others will read and whose aliases stand for more than any memory or patience holds.

    Raises:
        ConfigError: it is too large, or stands for too much. What is wrong with it otherwise, its reader will say.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return
    if len(content) > MAX_BYTES:
        raise ConfigError(f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read.", where=path)
    if b"*" not in content or b"&" not in content:
        return
    try:
        found = _count_nodes(YAML(typ="safe", pure=True).parse(content.decode("utf-8")))
    except (YAMLError, RecursionError, ValueError):
        return
    if found > MOST_NODES:
        raise ConfigError(
            "The file is a YAML bomb: with every alias written out it would hold more values than can be read.",
            where=path,
            next_step="Write the values out where they are meant, without aliases of aliases.",
        )


def _count_nodes(events: Iterable[Event]) -> int:
    """How many values a document holds with every alias written out; an alias inside of what it names counts as one."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in events:
        if isinstance(event, CollectionStartEvent):
            open_nodes.append((event.anchor, 0))
            continue
        if isinstance(event, CollectionEndEvent):
            anchor, inside = open_nodes.pop()
            size = inside + 1
        elif isinstance(event, AliasEvent):
            anchor, size = None, sizes.get(event.anchor, 1)
        elif isinstance(event, ScalarEvent):
            anchor, size = event.anchor, 1
        else:
            continue
        if anchor:
            sizes[anchor] = size
        if open_nodes:
            open_nodes[-1] = (open_nodes[-1][0], open_nodes[-1][1] + size)
        else:
            total += size
    return total


def read_marked_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping that knows the line of every key (``node.lc``), as GitHub reads a workflow.

    A few aliases are allowed, as GitHub allows them; so few cannot stand for much.

    Raises:
        ConfigError: see :func:`read_yaml`.
    """
    return _parse(_read_bytes(path), path, YAML(typ="rt", pure=True), most_aliases=MOST_ALIASES)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("The file is missing.", where=path) from error
    except OSError as error:
        raise ConfigError(f"The file cannot be read: {error}.", where=path) from error


def _parse(content: bytes, path: Path, yaml: YAML, *, most_aliases: int) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise ConfigError(f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read.", where=path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"The file cannot be read: {error}.", where=path) from error
    try:
        events = YAML(typ="safe", pure=True).parse(text) if "*" in text else ()
        aliases = [event for event in events if isinstance(event, AliasEvent)]
        if len(aliases) > most_aliases:
            words = "a YAML alias" if most_aliases == 0 else f"more than {most_aliases} YAML aliases"
            raise ConfigError(f"The file uses {words}.", where=path, line=aliases[most_aliases].start_mark.line + 1)
        document = yaml.load(text)
    except MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        problem = " ".join(str(error.problem or error.context or "not valid").split())
        raise ConfigError(f"This is not valid YAML: {problem}.", where=path, line=line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"This is not valid YAML: {type(error).__name__}.", where=path) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError("The file must hold a mapping of names to values.", where=path, line=1)
    return document
