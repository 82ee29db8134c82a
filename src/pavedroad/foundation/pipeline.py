"""The pipeline that runs the stages, skipping what did not change, and its lock: what was last made of what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from pavedroad.foundation.engines import load_engine

State = Literal["running", "unchanged", "restored", "failed"]


@dataclass(frozen=True)
class LockedStage:
    """What a stage was last made of and what it made: digests (MD5, 32 hexadecimal digits) by path in the repo."""

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One thing that happened while the pipeline ran; ``text`` is a line that a stage printed."""

    stage: str
    state: State | None = None
    text: str = ""


@dataclass(frozen=True)
class Result:
    """How a run of the pipeline ended: which stages failed, in order, and what the engine said last."""

    failed: tuple[str, ...]
    message: str = ""


class Running(Protocol):
    """A pipeline at work."""

    def follow(self, watch: Callable[[Event], None]) -> Result:
        """Tell what happens until the pipeline ends; an interruption ends the pipeline and its stages first."""
        ...

    def stop(self) -> None:
        """End the pipeline and the stage it runs, and wait until they have ended."""
        ...


class Pipeline(Protocol):
    """An engine that runs the stages of a repo."""

    def check_ready(self, root: Path) -> None:
        """Raise PipelineError when the repo has no pipeline, or another process is running it."""
        ...

    def start(self, root: Path) -> Running:
        """Start running every stage whose inputs changed, going on with the others when one fails; do not wait."""
        ...

    def fetch(self, root: Path, paths: list[str]) -> str:
        """Bring tables that the pipeline keeps elsewhere; why that failed, in a sentence, or nothing."""
        ...

    def find_kept_elsewhere(self, root: Path, paths: list[str]) -> list[str]:
        """Which of ``paths`` are not here although the pipeline knows them: they lie in a remote."""
        ...

    def release(self, root: Path, paths: list[str]) -> str:
        """Let files that the pipeline keeps be written to without harm to what it keeps; why not, or nothing."""
        ...

    def read_lock(self, root: Path) -> dict[str, LockedStage]:
        """The stages as they were last run, in order; empty before the first run."""
        ...

    def parse_lock(self, content: bytes, where: Path) -> dict[str, LockedStage]:
        """The stages as the bytes of a lock name them, for example those of another revision."""
        ...

    def digest(self, path: Path) -> str:
        """The digest of a file or folder as the lock holds it."""
        ...


def load_pipeline(name: str = "dvc") -> Pipeline:
    """Find the pipeline engine called ``name``."""
    return cast("Pipeline", load_engine("pipeline", name))
