"""What a skops file says its model is made of, read without skops: the file's own list of types, as text alone."""

import json
import zipfile
from pathlib import Path
from typing import Any

from pavedroad.errors import PackageError
from pavedroad.foundation.package.facts import Makeup

LARGEST_SCHEMA = 512 * 1024 * 1024
"""Bytes of a schema that are read; that of a large forest has tens of megabytes."""


def describe(path: Path) -> Makeup:
    """Read the types that a model file names; nothing of it is made or imported.

    Raises:
        PackageError: it is not a skops file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("schema.json").file_size > LARGEST_SCHEMA:
                raise PackageError("The model's schema is too large to be read.", where=path)
            schema = json.loads(archive.read("schema.json"))
        modules: set[str] = set()
        rest: list[object] = [schema]
        while rest:
            node = rest.pop()
            if isinstance(node, dict):
                modules.add(str(node.get("__module__", "builtins")).partition(".")[0])
                rest += node.values()
            elif isinstance(node, list):
                rest += node
        estimator = _name(schema)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        raise PackageError(f"The model file is damaged: {type(error).__name__}.", where=path) from error
    return Makeup(estimator=estimator, modules=frozenset(modules))


def _name(model: dict[str, Any]) -> str:
    """The full name of a model's class; that of a pipeline alone says little, so its last step is named too."""
    name = f"{model['__module__']}.{model['__class__']}"
    try:
        step = model["content"]["content"]["steps"]["content"][-1]["content"][-1]
        return f"{name} ending in {_name(step)}" if step["__loader__"] == "ObjectNode" else name
    except (KeyError, IndexError, TypeError):
        return name
