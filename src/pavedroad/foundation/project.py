"""The repo that a command works in: its root, its settings and where things lie."""

from dataclasses import dataclass
from pathlib import Path

from pavedroad.config import FILE_NAME, load_config
from pavedroad.errors import ConfigError
from pavedroad.settings import Config

STAGES = ("validate", "train", "evaluate", "drift", "package", "latency")
"""The stages in the order of the road; the gate comes after them."""


@dataclass(frozen=True)
class Project:
    """A repo with a valid ``pavedroad.toml``."""

    root: Path
    config: Config

    @property
    def reports(self) -> Path:
        """The folder of the evidence."""
        return self.root / "reports"

    @property
    def model(self) -> Path:
        """The folder that training fills: the model file, its signature and the profile of its training data."""
        return self.root / "model"

    @property
    def package(self) -> Path:
        """The folder with the model and all that is needed to trust it."""
        return self.root / "package"

    def report(self, stage: str) -> Path:
        """Where the report of a stage lies."""
        return self.reports / f"{stage}.json"


def find_project(start: Path) -> Project:
    """Find the repo that ``start`` lies in, by walking up to the nearest ``pavedroad.toml``.

    Raises:
        ConfigError: there is none, or it is not valid.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return Project(root=folder, config=load_config(folder / FILE_NAME))
    raise ConfigError(
        f"There is no {FILE_NAME} in {start.resolve()} or in any folder above it.",
        next_step="Change into a generated repo, or make one with: pavedroad new.",
    )
