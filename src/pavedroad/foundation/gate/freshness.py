"""Whether a report still speaks of the files and settings that are here now."""

import tomllib
from typing import Any

from pavedroad.config import FILE_NAME
from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.tables import hash_path
from pavedroad.foundation.pipeline import LockedStage, load_pipeline
from pavedroad.foundation.project import STAGES, Project
from pavedroad.foundation.yamlfile import read_yaml
from pavedroad.report import Report, read_report

OUTSIDE_PIPELINE = {"latency", "compare"}
"""Stages that measure this machine, or need another revision; the pipeline's lock does not know them."""


class Freshness:
    """Tells whether a report still speaks of the files and settings that are here now."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._pipeline = load_pipeline()
        self._lock = self._pipeline.read_lock(project.root)
        self._hashes: dict[str, str | None] = {}
        self._known: dict[str, str] = {}
        self._settings: dict[str, dict[str, Any]] = {}

    def find_staleness(self, report: Report) -> str:
        """Why the report is stale, in a sentence; empty when it is not.

        It is stale when anything it was made from has changed or is gone, was itself made by a stage that is stale, or
        when a setting that the stage depends on has changed.
        """
        if report.stage not in self._known:
            self._known[report.stage] = self._compare(report)
        return self._known[report.stage]

    def _compare(self, report: Report) -> str:
        if not report.inputs:
            return "It does not say what it was made from."
        return self._find_changed_input(report) or self._find_changed_record(report)

    def _find_changed_input(self, report: Report) -> str:
        for used in report.inputs:
            now = self._hash(used.path)
            if now is None:
                return f"It was made from {used.path}, which is gone."
            if now != used.sha256:
                return f"{used.path} has changed since."
            stale = self._find_stale_maker(used.path, report.stage)
            if stale:
                return f"It was made from {used.path}, which is stale. {stale}"
        return ""

    def _find_changed_record(self, report: Report) -> str:
        if report.stage in OUTSIDE_PIPELINE:
            return ""
        locked = self._lock.get(report.stage)
        if locked is None:
            return "The pipeline's lock does not know it."
        path = f"reports/{report.stage}.json"
        if locked.outputs.get(path) != self._pipeline.digest(self._project.root / path):
            return "It is not the report that the pipeline wrote."
        return self._find_changed_product(locked) or self._find_changed_setting(locked)

    def _find_changed_product(self, locked: LockedStage) -> str:
        """What the stage made must still be what it made: the package that is here is the one that was judged."""
        for path, digest in locked.outputs.items():
            made = self._project.root / path
            if not made.exists():
                return f"{path}, which it made, is gone."
            if self._pipeline.digest(made) != digest:
                return f"{path}, which it made, has changed since."
        return ""

    def _find_stale_maker(self, path: str, reader: str) -> str:
        """Why the stage that made a file is stale; empty when no stage made it or that one is fresh."""
        for stage, locked in self._lock.items():
            made = any(path == output or path.startswith(f"{output}/") for output in locked.outputs)
            if made and stage != reader and stage in STAGES:
                try:
                    return self.find_staleness(read_report(self._project.report(stage)))
                except EvidenceError as error:
                    return error.what
        return ""

    def _hash(self, path: str) -> str | None:
        if path not in self._hashes:
            self._hashes[path] = hash_path(self._project.root / path)
        return self._hashes[path]

    def _find_changed_setting(self, locked: LockedStage) -> str:
        for file, settings in locked.parameters.items():
            if not isinstance(settings, dict):
                return f"The lock's settings of {file} are malformed."
            for key, value in settings.items():
                if self._look_up(file, str(key)) != value:
                    return f"{key} in {file} has changed since."
        return ""

    def _look_up(self, file: str, key: str) -> object:
        if file not in self._settings:
            path = self._project.root / file
            if path.name == FILE_NAME:
                self._settings[file] = tomllib.loads(path.read_text(encoding="utf-8"))
            else:
                self._settings[file] = read_yaml(path) if path.is_file() else {}
        found: Any = self._settings[file]
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found
