"""What if: the same evidence, judged by other settings of the gate; nothing is written."""

import dataclasses
import tomllib
from typing import Any

import msgspec

from pavedroad.config import default_settings, nearest
from pavedroad.errors import UsageError
from pavedroad.foundation.project import Project
from pavedroad.report import Report
from pavedroad.settings import Config
from pavedroad.stages.gate import gate


def decide_otherwise(project: Project, wishes: list[str], base: str = "") -> Report:
    """What the gate would say if its settings were others.

    Args:
        project: the repo.
        wishes: settings as ``gate.margin=0.5``; ``gate.`` may be left out, and the value is TOML.
        base: see :func:`gate`.

    Raises:
        UsageError: a wish is no setting of the gate, or its value does not fit.
    """
    plain = msgspec.to_builtins(project.config)
    for wish in wishes:
        key, value = _read(wish)
        plain["gate"][key] = value
    try:
        config = msgspec.convert(plain, Config)
    except msgspec.ValidationError as error:
        raise UsageError(f"The gate cannot be asked that: {error}.", next_step="See docs/gate.md.") from error
    return gate(dataclasses.replace(project, config=config), base=base, policy=config.gate)


def _read(wish: str) -> tuple[str, Any]:
    name, given, text = wish.partition("=")
    key = name.strip().removeprefix("gate.")
    if not given or key not in default_settings()["gate"]:
        raise UsageError(
            f"{wish!r} is not a setting of the gate and its value.",
            next_step=f"Write it like gate.margin=0.5. {nearest(key, list(default_settings()['gate']))}",
        )
    try:
        return key, tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return key, text.strip()
