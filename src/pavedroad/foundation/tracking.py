"""Which models were made here: one file a run, next to git and never in it, and the trackers that want to hear of it.

A run is named by the package it made, or where a stage said no before, by what it was made of and came to; so recording
it twice changes nothing. It is written before any server is asked: a tracker that is down loses nothing, and ``send``
brings what it has not heard of.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from pavedroad.errors import EvidenceError, TrackingError
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.package.envelope import Package
from pavedroad.foundation.package.facts import Measure
from pavedroad.foundation.project import Project
from pavedroad.report import Run, Scalar, decode, encode, write_whole
from pavedroad.settings import Tracking

OWN = ".pavedroad"
"""The folder of what the road keeps on this machine alone; it holds its own ``.gitignore``."""


class TrackedRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model that was made here: of what, by what, with what result."""

    schema: Literal["pavedroad.run/1"]
    id: str
    """The start of the package's digest, or of the digest of what is recorded here."""
    name: str
    started: str
    """When its training began: UTC, ISO 8601."""
    duration_s: float
    """Seconds of all its stages together."""
    commit: str | None
    dirty: bool | None
    package: str
    """The digest of the package; empty where it did not come to one."""
    model: str
    """The digest of the model's file; empty where training said no."""
    estimator: str
    """The full name of the model's type; empty where it did not come to a package."""
    metric: str
    better: str
    parameters: dict[str, Scalar]
    measures: list[Measure]
    data: dict[str, str]
    """Every table by its path: the SHA-256 of its content."""
    code: str
    environment: dict[str, str]
    claimed: dict[str, float] = {}
    """What the repo's script says of itself; the road did not measure it."""
    refused: str = ""
    """Where it did not come to a package: which stage said no, and why."""


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a tracker has heard of a run: where, and what it calls it."""

    engine: str
    uri: str
    experiment: str
    name: str


class Tracker(Protocol):
    """An engine that keeps runs somewhere else, for others to see."""

    def send(self, run: TrackedRun, settings: Tracking) -> str | None:
        """Tell of a run, once however often it is called.

        Returns:
            What it is called there, or None when there is nobody to tell.

        Raises:
            TrackingError: the server is down or refused.
        """
        ...


def load_tracker(name: str) -> Tracker:
    """Find the tracker called ``name``."""
    return cast("Tracker", load_engine("tracking", name))


def record(project: Project, package: Package, stages: list[Run]) -> TrackedRun:
    """Write down that a package was made; a run that is known already stays as it is.

    Args:
        project: the repo.
        package: what was made.
        stages: when and how long its stages ran, in order.
    """
    facts = package.facts
    run = TrackedRun(
        schema="pavedroad.run/1",
        id=package.digest[:12],
        name=facts.name,
        started=stages[0].started if stages else datetime.now(UTC).isoformat(timespec="seconds"),
        duration_s=round(sum(stage.duration_s for stage in stages), 3),
        commit=stages[-1].commit if stages else None,
        dirty=stages[-1].dirty if stages else None,
        package=package.digest,
        model=facts.model,
        estimator=facts.estimator,
        metric=facts.metric,
        better=facts.better,
        parameters=facts.parameters,
        measures=facts.measures,
        data={source.path: source.sha256 for source in facts.sources},
        code=facts.code,
        environment=facts.environment,
        claimed=facts.claimed,
    )
    return _keep(project, run)


def record_refused(project: Project, run: TrackedRun) -> TrackedRun:
    """Write down a run that a stage said no to; one that is known already stays as it is.

    Args:
        project: the repo.
        run: all but its id, which is made of what does not depend on when the same was done again.
    """
    lasting = msgspec.structs.replace(run, id="", started="", duration_s=0.0, commit=None, dirty=None)
    return _keep(project, msgspec.structs.replace(run, id=hashlib.sha256(encode(lasting)).hexdigest()[:12]))


def list_runs(project: Project) -> list[TrackedRun]:
    """The runs that were recorded here, oldest first.

    Raises:
        EvidenceError: a file among them is no run; the error names it.
    """
    files = [path for path in sorted(_place(project).glob("*.json")) if not path.name.endswith(".sent.json")]
    return sorted((_read(path) for path in files), key=lambda run: (run.started, run.id))


def find_unsent(project: Project) -> Iterator[TrackedRun]:
    """The runs that the tracker of the settings has not heard of."""
    return (run for run in list_runs(project) if not _receipt(project, run).is_file())


def send(project: Project, run: TrackedRun) -> bool:
    """Tell the tracker of the settings of a run, unless it knows; whether it knows now.

    Raises:
        TrackingError: the server is down or refused; the run stays here and can be sent later.
    """
    settings = project.config.tracking
    if settings.engine == "files" or _receipt(project, run).is_file():
        return True
    if not settings.uri:
        raise TrackingError(
            f"The tracker {settings.engine!r} needs to know where its server is.",
            next_step='Write it into pavedroad.toml, for example: uri = "http://127.0.0.1:5000" in [tracking].',
        )
    if urlsplit(settings.uri).password is not None:
        raise TrackingError(
            "The tracker's address holds a password, and pavedroad.toml is no place for one.",
            next_step="Take it out; MLflow reads MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
        )
    settings = msgspec.structs.replace(settings, experiment=name_experiment(project))
    name = load_tracker(settings.engine).send(run, settings)
    if name is None:
        return False
    receipt = Sent(engine=settings.engine, uri=settings.uri, experiment=settings.experiment, name=name)
    write_whole(_receipt(project, run), encode(receipt))
    return True


def name_experiment(project: Project) -> str:
    """What the runs of this repo stand under at a tracker."""
    return project.config.tracking.experiment or project.config.project.name


def _keep(project: Project, run: TrackedRun) -> TrackedRun:
    """Write a run down, unless it is there already."""
    path = _place(project) / f"{run.id}.json"
    if path.is_file():
        return _read(path)
    ignore = project.root / OWN / ".gitignore"
    if not ignore.is_file():
        write_whole(ignore, b"*\n")
    write_whole(path, encode(run))
    return run


def _place(project: Project) -> Path:
    return project.root / OWN / "runs"


def _receipt(project: Project, run: TrackedRun) -> Path:
    """Where it is written that this tracker knows this run; another server gets a receipt of its own."""
    settings = project.config.tracking
    to = hashlib.sha256("\0".join((settings.engine, settings.uri, name_experiment(project))).encode()).hexdigest()[:12]
    return _place(project) / f"{run.id}.{to}.sent.json"


def _read(path: Path) -> TrackedRun:
    try:
        return msgspec.convert(decode(path.read_bytes(), where=path), TrackedRun)
    except OSError as error:
        raise EvidenceError(f"The run cannot be read: {error.strerror}.", where=path) from error
    except msgspec.ValidationError as error:
        raise EvidenceError(
            f"This is not a recorded run: {error}.", where=path, next_step="Delete the file; its run is lost."
        ) from error
