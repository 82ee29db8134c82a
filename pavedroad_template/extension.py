"""What the template adds to Jinja: checked answers, quoting for files, and a guard against code in answers.

cookiecutter renders answers that come from the command line, and the user's own configuration, as templates: an
answer such as ``<< cycler.__init__… >>`` would run. Jinja hands every text to :meth:`RoadExtension.preprocess` first,
and that refuses code which the template itself does not hold. Bad answers are refused here too, before the first
folder is made.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

from pavedroad_template import origin
from pavedroad_template.answers import PYTHONS, QUESTIONS, derive, find_problems, locate_source

FOLDER = "<<cookiecutter.project>>"
PACKAGE = "<<cookiecutter.__package>>"
_CODE = ("<<", "<%", "<#")
_MARKDOWN = re.compile(r"[\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[-+=#]|^\d+(?=[.)])")


class RefusedAnswersError(FailedHookException):
    """Answers that no repository can be made from; cookiecutter prints the message and nothing else."""

    def __init__(self, problems: list[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Nothing was generated, because of these answers:\n{listed}")
        self.problems = problems


class RoadExtension(Extension):
    """Filters and globals for ``cookiecutter.json``, the hooks and the template's files.

    ============================  ===================================================================
    ``answers|derive("package")``  a value that follows from the answers; refuses bad answers
    ``value|quoted``               a string literal that JSON, YAML and TOML read alike
    ``value|markdown``             text that Markdown and HTML show as it is
    ============================  ===================================================================
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._own = _read_own_texts()
        self._derived: dict[str, dict[str, str]] = {}
        environment.filters.update(derive=self.derive, locate=_locate, quoted=quote, markdown=escape_markdown)
        environment.globals.update(
            template_root=str(origin.ROOT),
            default_owner=origin.default_owner,
            default_ref=origin.default_ref,
            default_repository=origin.default_repository,
            default_python=_default_python,
        )
        _hush_refusals()

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Refuse template code that is not the template's own; files of the template have a name and pass."""
        if name is None and source not in self._own:
            rest = source.replace(FOLDER, "").replace(PACKAGE, "")
            if any(mark in rest for mark in _CODE) or any(line.lstrip().startswith("#%") for line in rest.splitlines()):
                raise RefusedAnswersError(["An answer or a path holds template code; leave it out."])
        if source == FOLDER:
            # The folder is made before any hook runs, so this is the last moment to refuse answers from a replay file.
            return "<<cookiecutter|derive('project')>>"
        return source

    def derive(self, answers: Mapping[str, Any], what: str) -> str:
        """One of the values of :func:`pavedroad_template.answers.derive`, or ``project`` itself.

        Raises:
            RefusedAnswersError: no repository can be made from the answers.
        """
        if what == "project" and Path(answers.get("_repo_dir", origin.ROOT)).resolve() != origin.ROOT:
            # Python found another checkout first, and the commit that is pinned would be that one's.
            raise RefusedAnswersError(
                [f"the rules were loaded from {origin.ROOT}; run cookiecutter from another folder."]
            )
        key = json.dumps([answers.get(question) for question in QUESTIONS], default=repr)
        if key not in self._derived:
            problems = find_problems(answers)
            if problems:
                raise RefusedAnswersError(problems)
            self._derived[key] = {"project": answers["project"], **derive(answers)}
        derived = self._derived[key]
        if answers.get("__package", derived["package"]) != derived["package"]:
            raise RefusedAnswersError(["__package follows from project and cannot be given."])
        return derived[what]


def quote(value: str) -> str:
    """The text as a double-quoted string that JSON, YAML 1.1/1.2 and TOML 1.0 all read back unchanged."""
    return json.dumps(value, ensure_ascii=False)


def escape_markdown(value: str) -> str:
    """One line of text with every character escaped that Markdown or HTML would give a meaning."""
    line = _MARKDOWN.sub(_escape, value.strip())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape(found: re.Match[str]) -> str:
    text = found[0]
    return f"{text}\\" if text.isdigit() else f"\\{text}"  # of "1. " it is the full stop that makes a list


def _locate(answers: Mapping[str, Any]) -> str:
    return locate_source(answers) if isinstance(answers.get("data"), str) else ""


def _default_python() -> str:
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in PYTHONS else PYTHONS[1]


def _read_own_texts() -> set[str]:
    questions = json.loads((origin.ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    hooks = (origin.ROOT / "hooks").glob("*.py")
    return {*_find_strings(questions), *(hook.read_text(encoding="utf-8") for hook in hooks)}


def _find_strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for child in children for text in _find_strings(child)]


def _hush_refusals() -> None:
    """Drop the stack that cookiecutter logs when a hook says no: the hook itself has said why."""
    logger = logging.getLogger("cookiecutter.hooks")
    if _keep_message not in logger.filters:
        logger.addFilter(_keep_message)


def _keep_message(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True
