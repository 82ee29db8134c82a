"""The answers to the template's questions: what may stand in them, and what follows from them.

Every answer ends up in TOML, YAML, JSON, Markdown and, for some, in a file name. Names are therefore narrow; free
text may hold anything that can be seen, and is quoted where it is written.
"""

import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pavedroad_template import origin, table

METRICS = {
    "regression": ["mean_absolute_error", "root_mean_squared_error", "r2_score"],
    "binary": ["roc_auc_score", "accuracy_score", "f1_score", "average_precision_score", "log_loss"],
    "multiclass": ["accuracy_score", "f1_macro", "log_loss"],
}
"""The key metrics by problem; the first is the default."""

SCHEDULES = {"weekly": "23 5 * * 1", "daily": "23 5 * * *", "monthly": "23 5 1 * *", "never": ""}
"""Schedules by name. They are off the full hour, when GitHub starts most jobs late."""

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

EXAMPLE = {"problem": "regression", "target": "umbrellas_sold"}
"""What the example table is about; other answers need another table."""

QUESTIONS = [
    "project",
    "data",
    "target",
    "problem",
    "metric",
    "statement",
    "owner",
    "max_latency_ms",
    "retrain",
    "road_repository",
    "road_ref",
    "python_version",
]

MAX_NAME = 100
MAX_STATEMENT = 300
MAX_TARGET = 200
MAX_LATENCY_MS = 3_600_000.0

_WINDOWS = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
# Names that the repo's own folders or the packages it imports already bear.
_TAKEN = frozenset(
    {"data", "expectations", "model", "noxfile", "package", "reports", "src", "tests"}
    | {"dvc", "evidently", "great_expectations", "nox", "numpy", "pandas", "pavedroad", "pip", "pyarrow", "pytest"}
    | {"scipy", "setuptools", "sklearn", "skops", "uv"}
)
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_CODE = ("<<", "<%", "<#", "{{", "{%", "{#")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

_CRON_NAMES = {
    3: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    4: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_CRON_RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
_CRON_PARTS = ["minute", "hour", "day of the month", "month", "day of the week"]


def find_problems(answers: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the answers, one sentence each, in the order of the questions."""
    wrong_kind = [f"{question} has to be text." for question in QUESTIONS if not isinstance(answers.get(question), str)]
    if wrong_kind:
        return wrong_kind
    given: dict[str, str] = {question: answers[question] for question in QUESTIONS}
    found = [_refuse_unseen(question, given[question]) for question in QUESTIONS]
    problems = [problem for problem in found if problem]
    if problems:  # the sentences below repeat parts of an answer, so they wait until it can be read
        return problems
    checks = [
        _check_project(given["project"]),
        _check_statement(given["statement"]),
        _check_owner(given["owner"]),
        _check_problem(given["problem"]),
        _check_target(given["target"]),
        _check_metric(given["metric"], given["problem"]),
        _check_data(given, locate_source(answers)),
        _check_latency(given["max_latency_ms"]),
        check_schedule(given["retrain"]),
        origin.check_repository(given["road_repository"]),
        origin.check_ref(given["road_ref"]),
        _check_python(given["python_version"]),
    ]
    return [problem for problem in checks if problem]


def derive(answers: Mapping[str, Any]) -> dict[str, str]:
    """What the template's files need and no person should be asked, from answers without problems.

    ================  ==============================================================================
    ``package``       the Python package's name
    ``table``         where the table lies in the repo, as a relative path
    ``latency``       the latency budget in milliseconds as a TOML float
    ``cron``          the five cron fields; empty for never
    ``road``          ``owner/name`` for ``uses:``
    ``dependency``    what the repo depends on, as pip and uv read it
    ``road_path``     the checkout on this machine that the dependency comes from; empty for GitHub
    ``sha``, ``tag``  the road's commit, and a readable name for it as a comment
    ================  ==============================================================================
    """
    source = locate_source(answers)
    slug = origin.find_slug(answers["road_repository"])
    sha, tag = origin.resolve_ref(answers["road_ref"]) or (answers["road_ref"], "")
    return {
        "package": name_package(answers["project"]),
        "table": f"data/{table.name_copy(Path(source))}" if source else "data/umbrella_sales.csv",
        "latency": repr(float(answers["max_latency_ms"])),
        "cron": SCHEDULES.get(answers["retrain"], answers["retrain"]),
        "road": slug or origin.PLACEHOLDER,
        "road_path": "" if slug else answers["road_repository"],
        "dependency": "pavedroad[standard]" + (f" @ git+https://github.com/{slug}@{sha}" if slug else ""),
        "sha": sha,
        "tag": tag,
    }


def locate_source(answers: Mapping[str, Any]) -> str:
    """The absolute path of the table to copy; empty for the example.

    cookiecutter changes folders while it works, so the path is settled once, next to the questions, and kept.
    """
    if not answers["data"]:
        return ""
    return answers.get("__source") or str(Path(answers["data"]).expanduser().absolute())


def name_package(project: str) -> str:
    """The import name of a project: lower case, with underscores."""
    return project.lower().replace("-", "_")


def _refuse_unseen(question: str, answer: str) -> str:
    hidden = [char for char in answer if unicodedata.category(char) in _UNSEEN]
    if hidden:
        return f"{question} holds a character that cannot be seen ({hidden[0]!a}); leave it out."
    code = next((mark for mark in _CODE if mark in answer), "")
    if code or answer.lstrip().startswith("#%"):
        return f"{question} holds {code or '#%'!r}, which is template code; leave it out."
    return ""


def _check_project(project: str) -> str:
    if not project:
        return "project is empty; give the repository a name such as umbrella-sales."
    if len(project) > MAX_NAME:
        return f"project has {len(project)} characters; at most {MAX_NAME} are allowed."
    if not _PROJECT.fullmatch(project):
        return (
            f"project {show(project)} is not a name for a folder and a Python package: use letters from a to z, "
            "digits, '-' and '_', and begin with a letter."
        )
    taken = _find_taken(name_package(project))
    return f"project {show(project)} {taken}; choose another." if taken else ""


def _find_taken(package: str) -> str:
    if package in _WINDOWS:
        return "is a name that Windows reserves"
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        return "is a word of the Python language"
    if package in sys.stdlib_module_names or package in _TAKEN:
        return f"would hide the Python module {package!r}"
    return ""


def _check_statement(statement: str) -> str:
    if not statement.strip():
        return "statement is empty; say in one line what the model is for."
    if len(statement) > MAX_STATEMENT:
        return f"statement has {len(statement)} characters; at most {MAX_STATEMENT} are allowed."
    return ""


def _check_owner(owner: str) -> str:
    if origin.OWNER.fullmatch(owner):
        return ""
    return f"owner {show(owner)} is neither a GitHub @user or @organisation/team nor an e-mail address."


def _check_problem(problem: str) -> str:
    return "" if problem in METRICS else f"problem {show(problem)} is none of: {', '.join(METRICS)}."


def _check_target(target: str) -> str:
    if not target.strip():
        return "target is empty; name the column that the model predicts."
    if len(target) > MAX_TARGET:
        return f"target has {len(target)} characters; at most {MAX_TARGET} are allowed."
    return ""


def _check_metric(metric: str, problem: str) -> str:
    allowed = METRICS.get(problem)
    if allowed is None or metric in allowed:
        return ""
    return f"metric {show(metric)} does not fit a {problem} problem; choose one of: {', '.join(allowed)}."


def _check_data(given: Mapping[str, str], source: str) -> str:
    if source:
        return table.check_table(Path(source), target=given["target"])
    other = [question for question, value in EXAMPLE.items() if given[question] != value]
    if other:
        return (
            f"{' and '.join(other)} cannot be chosen for the example table, which is a {EXAMPLE['problem']} of "
            f"{EXAMPLE['target']}; name a data file of your own."
        )
    return ""


def _check_latency(latency: str) -> str:
    if _NUMBER.fullmatch(latency) and 0 < float(latency) <= MAX_LATENCY_MS:
        return ""
    return f"max_latency_ms {show(latency)} is not a number of milliseconds above 0, such as 50."


def check_schedule(schedule: str) -> str:
    """What is wrong with a schedule: a name of :data:`SCHEDULES` or five cron fields as GitHub reads them."""
    if schedule in SCHEDULES:
        return ""
    fields = schedule.split(" ")
    if len(fields) != len(_CRON_PARTS):
        return f"retrain {show(schedule)} is none of {', '.join(SCHEDULES)}, nor five cron fields such as '23 5 * * 1'."
    for position, field in enumerate(fields):
        if not all(_is_cron(item, position) for item in field.split(",")):
            low, high = _CRON_RANGES[position]
            return (
                f"retrain {show(schedule)} is no cron schedule: {show(field)} is not a {_CRON_PARTS[position]} "
                f"({low} to {high}, '*', ranges, lists and steps)."
            )
    return ""


def _is_cron(item: str, position: int) -> bool:
    low, high = _CRON_RANGES[position]
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 1 <= int(step[:4]) <= high):
        return False
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    ends = [_read_cron(end, position) for end in ([first, last] if dash else [first])]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _read_cron(value: str, position: int) -> int:
    names = _CRON_NAMES.get(position, [])
    if value.lower() in names:
        return names.index(value.lower()) + _CRON_RANGES[position][0]
    return int(value) if re.fullmatch(r"[0-9]{1,2}", value) else -1


def _check_python(version: str) -> str:
    return "" if version in PYTHONS else f"python_version {show(version)} is none of: {', '.join(PYTHONS)}."


def show(value: str) -> str:
    """A value for a message: quoted, with everything unusual escaped, and short."""
    shortened = value if len(value) <= 60 else value[:57] + "…"
    return repr(shortened)
