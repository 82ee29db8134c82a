"""Ways to lose the exit code of a gate inside a ``run:`` script."""

import re
from collections.abc import Iterator

from pavedroad.foundation.workflows.workflow import GATES, Step, strip_comments

FIXES = {
    "or-true": "Remove what follows ||, or end it with: exit 1.",
    "pipe-without-pipefail": "Write `shell: bash` (which sets pipefail) at the step, or `set -o pipefail` before it.",
    "errexit-off": "Remove `set +e`, or keep the code (`code=$?`) and end with it.",
    "code-dropped": "Put nothing behind the gate on its line, or join it with &&.",
    "in-background": "Run the gate in the foreground, or `wait` for its process and take its code.",
    "told-to-pass": "Remove the option that makes the tool end with 0 whatever it finds.",
    "inside-condition": "Give the condition an else branch that ends with 1, or run the gate by itself.",
}

_HARMLESS = r"(?:true|:|echo\b[^|&;]*|printf\b[^|&;]*|exit 0|return 0)"
_OR_TRUE = re.compile(rf"\|\|\s*(?:{_HARMLESS}\s*(?:$|[;)}}&])|\{{[^}}]*\}}\s*$)")
_ENDS_BADLY = re.compile(r"\bexit\s+(?:[1-9]|\$)|\bfalse\b|\breturn\s+[1-9]")
_PIPE = re.compile(r"(?<!\|)\|(?![|&])|\|&")
_DROPPED = re.compile(r";\s*(?:true|:|exit 0|echo\b.*)\s*$")
_BACKGROUND = re.compile(r"(?<![&>])&\s*(?:disown\s*)?$")
_TOLD = re.compile(
    r"\s--(?:exit-zero|no-fail|no-exit-codes?|soft-fail|exit-code[= ]0|allow-failures?"
    r"|suppress-tests-failed-exit-code)\b"
)
_CONDITION = re.compile(r"^\s*(?:if|elif|while|until)\s")


def find_in_script(step: Step) -> Iterator[tuple[str, int, str]]:
    """Every way in which the script of a step loses the exit code of a gate: pattern, line, what is wrong."""
    script = strip_comments(step.text("run"))
    lines = script.splitlines()
    for place, text in enumerate(lines):
        if GATES.search(text):
            at = _find_line(step, text)
            for pattern, what in _judge_line(text, lines[:place], lines[place + 1 :], step.shell):
                yield pattern, at, what


def _judge_line(text: str, before: list[str], after: list[str], shell: str) -> Iterator[tuple[str, str]]:
    found = GATES.search(text)
    behind = text[found.end() :] if found else ""
    swallowed = _OR_TRUE.search(behind)
    if swallowed and not _ENDS_BADLY.search(behind[swallowed.start() :]):
        yield "or-true", f"Its failure is turned into success: {text.strip()}"
    if _PIPE.search(_strip_quotes(behind)) and not _has_pipefail(before, shell):
        yield "pipe-without-pipefail", f"The pipe ends with the code of its last command: {text.strip()}"
    if _is_errexit_off(before) and not any("$?" in line or "PIPESTATUS" in line for line in [behind, *after]):
        yield "errexit-off", "`set +e` holds, so the script goes on and ends with the code of its last line."
    if _DROPPED.search(behind):
        yield "code-dropped", f"What follows decides the exit code: {text.strip()}"
    if _BACKGROUND.search(behind.rstrip()) and not any(re.search(r"\bwait\b", line) for line in after):
        yield "in-background", f"Nobody waits for its code: {text.strip()}"
    if _TOLD.search(behind):
        yield "told-to-pass", f"An option makes it end with 0: {text.strip()}"
    if _CONDITION.match(text) and not any(_ENDS_BADLY.search(line) for line in [behind, *after]):
        yield "inside-condition", f"In a condition its failure chooses a branch and stops nothing: {text.strip()}"


def _has_pipefail(before: list[str], shell: str) -> bool:
    """GitHub runs ``bash`` with pipefail only where a shell is named; ``sh`` and the default have none."""
    named = shell == "bash" or "pipefail" in shell
    return named or any(re.search(r"\bset\s+(?:-\S+\s+)*-\w*o\s+pipefail", line) for line in before)


def _is_errexit_off(before: list[str]) -> bool:
    switches = [found for line in before for found in re.findall(r"\bset\s+([+-])\w*e\w*\b", line)]
    return bool(switches) and switches[-1] == "+"


def _strip_quotes(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def _find_line(step: Step, text: str) -> int:
    """The line of the file on which a line of the script begins; one without a block stands behind its key."""
    first = step.line_of("run")
    script = step.data["run"]
    if type(script) is str:  # a block is a type of its own
        return first
    begun = text.strip()[:20]
    written = script.splitlines()
    return first + 1 + next((place for place, line in enumerate(written) if line.strip().startswith(begun)), 0)
