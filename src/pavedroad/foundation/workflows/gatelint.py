"""Ways to skip a gate in a workflow that no linter of workflows sees: valid YAML whose red never stops anything.

Each pattern has an id, says what happens and how to mend it. A finding can be accepted in the file, on its line or the
one above, with a reason: ``# gate-lint: allow <id> because <reason>``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pavedroad.foundation.workflows import gatescripts
from pavedroad.foundation.workflows.workflow import (
    EXPRESSION,
    Job,
    Step,
    Workflow,
    to_expression,
    walk_texts,
)


@dataclass(frozen=True)
class Finding:
    """A way to skip a gate, and where it is written."""

    pattern: str
    file: str
    line: int
    what: str
    fix: str


Hit = tuple[str, int, str]
"""A pattern's id, a line, and what is wrong there."""

FIXES = {
    "job-continues": "Remove continue-on-error from the job.",
    "step-continues": "Remove continue-on-error, or end a later step with 1 when the step's outcome is a failure.",
    "promotes-always": "Remove the condition, or add: && needs.<gate>.result == 'success'.",
    "gate-switched-off": "Remove the condition; to leave out a gate is the policy's affair, where it is seen.",
    "author-can-skip": "Decide by the event or the branch, not by a text that the author of the change writes.",
    "always-true": "Put the whole condition into one pair of ${{ }}, or leave the pair out.",
    "text-as-truth": "Compare with the text: == 'true'. Every non-empty text is true, 'false' too.",
    "passes-when-missing": "Ask for what must hold (== 'pass', == 'success'); a missing output is an empty text.",
    "negated-comparison": "Ask for the comparison itself; NaN and a missing number make its negation true.",
    "stops-only-below": "Stop unless the number is good enough; NaN and a missing number are never below anything.",
    "unknown-output": "Name an output that the job declares, and list the job in needs.",
    "unknown-step": "Name a step that has this id and comes before.",
    "nobody-needs": "Add the gate's job to needs of the job that promotes.",
    "unpinned-caller": "Pin the workflow by the full SHA of a commit, with the version in a comment.",
    **gatescripts.FIXES,
}
"""What mends each pattern."""

_SHA = re.compile(r"@[0-9a-f]{40}$")
_OUTPUT = r"(?:steps|needs|jobs)\.[\w-]+\.outputs\.[\w-]+"
_ALWAYS = re.compile(r"\b(?:always|failure)\(\)|!\s*cancelled\(\)")
_ASKS_SUCCESS = re.compile(
    r"(?:needs\.[\w-]+\.result|steps\.[\w-]+\.(?:outcome|conclusion)|outputs\.[\w-]+) *== *"
    r"'(?!(?:fail\w*|error|no|false|skipped|cancelled)')"
)
_AUTHORS = re.compile(
    r"github\.event\.(?:head_commit\.message|commits|pull_request\.(?:title|body|labels|head\.ref)|issue|comment)"
    r"|github\.(?:head_ref|actor|triggering_actor)\b"
)
_PASSES_BY_RESULT = re.compile(r"needs\.([\w-]+)\.result *!= *'(?:failure|cancelled)'")
_PASSES_BY_OUTPUT = re.compile(rf"({_OUTPUT}) *!= *'(?:fail\w*|error|no|false|bad|red|skipped)'", re.IGNORECASE)
_OPERAND = re.compile(
    rf"(?:^|&&|\|\||\()\s*!?\s*({_OUTPUT}|github\.event\.inputs\.[\w-]+|inputs\.[\w-]+)\s*(?=$|&&|\|\||\))"
)
_NEGATED = re.compile(r"!\s*\([^()]*(?:\([^()]*\)[^()]*)*[<>]")
_BELOW = re.compile(
    rf"(?:{_OUTPUT}|fromJSON\([^)]*\)|env\.\w+)[^&|]*[<>]=?|[<>]=?\s*(?:fromJSON|{_OUTPUT})", re.IGNORECASE
)
_STOPS = re.compile(r"(?:^|\n|;|&&)\s*exit\s+[1-9]|^\s*false\s*$", re.MULTILINE)
_NEEDED_OUTPUT = re.compile(r"needs\.([\w-]+)\.outputs\.([\w-]+)")
_STEP_NAMED = re.compile(r"\bsteps\.([\w-]+)\.")
_ALLOWED = re.compile(r"#\s*gate-lint:\s*allow\s+([\w-]+)\s+because\s+\S+")


def lint_workflow(workflow: Workflow) -> list[Finding]:
    """Every way to skip a gate in a workflow or composite action, by line."""
    hits = sorted({hit for find in _RULES for hit in find(workflow)}, key=lambda hit: (hit[1], hit[0]))
    return [
        Finding(pattern, str(workflow.path), line, what, FIXES[pattern])
        for pattern, line, what in hits
        if not _is_allowed(workflow, pattern, line)
    ]


def _find_continuing(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        if job.is_gate and _continues(job.text("continue-on-error")):
            yield "job-continues", job.line_of("continue-on-error"), f"The gate {job.name!r} may fail without effect."
        for step in job.steps:
            if step.is_gate and _continues(step.text("continue-on-error")) and not _is_followed(job, step):
                yield "step-continues", step.line_of("continue-on-error"), "The step may fail and the job stays green."


def _find_promotions(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        for part in _list_own_parts(job):
            condition = to_expression(part.text("if"))
            if part.promotes and _ALWAYS.search(condition) and not _ASKS_SUCCESS.search(condition):
                yield "promotes-always", part.line_of("if"), f"It promotes whatever came before: if: {condition}."


def _find_switched_off(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        for part in _list_own_parts(job):
            condition = to_expression(part.text("if"))
            if not part.is_gate or not condition:
                continue
            if condition.lower() in {"false", "!true", "0", "''"} or re.search(r"&& *false\b|\bfalse *&&", condition):
                yield "gate-switched-off", part.line_of("if"), "The gate never runs, and a skipped job counts as green."
            if _AUTHORS.search(condition):
                what = f"The change's author decides whether the gate runs: if: {condition}."
                yield "author-can-skip", part.line_of("if"), what


def _find_always_true(workflow: Workflow) -> Iterator[Hit]:
    for _, part in _list_parts(workflow):
        text = part.text("if").strip()
        rest = EXPRESSION.sub("", text).strip()
        if rest and EXPRESSION.search(text):
            what = f"The condition is a text with an expression in it, which is always true: {' '.join(text.split())}."
            yield "always-true", part.line_of("if"), what


def _find_texts_as_truth(workflow: Workflow) -> Iterator[Hit]:
    for _, part in _list_parts(workflow):
        for name in _OPERAND.findall(to_expression(part.text("if"))):
            known = workflow.typed_inputs.get(name.removeprefix("inputs."), "")
            if not name.startswith("inputs.") or known in {"string", "choice", "environment"}:
                yield "text-as-truth", part.line_of("if"), f"{name} is a text, and the text 'false' is true."


def _find_passing_when_missing(workflow: Workflow) -> Iterator[Hit]:
    for job, part in _list_parts(workflow):
        condition = to_expression(part.text("if"))
        stops = isinstance(part, Step) and bool(_STOPS.search(part.text("run")))
        for name in _PASSES_BY_RESULT.findall(condition):
            if not stops:
                what = f"It also runs when {name!r} was skipped: if: {condition}."
                yield "passes-when-missing", part.line_of("if"), what
        matters = part.promotes or job.promotes or part.is_gate
        for name in _PASSES_BY_OUTPUT.findall(condition):
            if matters and not stops:
                what = f"It also runs when {name} was never written: if: {condition}."
                yield "passes-when-missing", part.line_of("if"), what


def _find_comparisons(workflow: Workflow) -> Iterator[Hit]:
    for _, part in _list_parts(workflow):
        condition = to_expression(part.text("if"))
        if _NEGATED.search(condition):
            yield "negated-comparison", part.line_of("if"), f"A comparison is negated: if: {condition}."
        elif isinstance(part, Step) and _BELOW.search(condition) and _STOPS.search(part.text("run")):
            yield "stops-only-below", part.line_of("if"), f"It stops only when the comparison holds: if: {condition}."


def _find_unknown_outputs(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        for part, line in _list_conditions(job):
            for name, output in _NEEDED_OUTPUT.findall(part):
                needed = workflow.jobs.get(name)
                if needed is None or name not in job.needs:
                    yield "unknown-output", line, f"{job.name!r} does not need {name!r}, so {output!r} is always empty."
                elif "uses" not in needed.data and output not in (needed.data.get("outputs") or {}):
                    yield "unknown-output", line, f"{name!r} declares no output {output!r}, so it is always empty."


def _find_unknown_steps(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        before: set[str] = set()
        for step in job.steps:
            for name in _STEP_NAMED.findall(to_expression(step.text("if"))):
                if name not in before:
                    yield "unknown-step", step.line_of("if"), f"No step before this one has the id {name!r}."
            before.add(step.text("id"))


def _find_unneeded(workflow: Workflow) -> Iterator[Hit]:
    gates = [job for job in workflow.jobs.values() if job.is_gate and not job.promotes]
    for job in workflow.jobs.values():
        if not job.promotes or job.is_gate:
            continue
        for gate in gates:
            if gate.name not in workflow.ancestors(job) and job.name not in workflow.ancestors(gate):
                yield "nobody-needs", job.line, f"{job.name!r} does not wait for the gate {gate.name!r}."


def _find_unpinned(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        uses = job.text("uses")
        if uses and not uses.startswith(("./", "$/")) and not _SHA.search(uses):
            yield "unpinned-caller", job.line_of("uses"), f"{uses} may become another gate tomorrow."
        for step in job.steps:
            uses = step.text("uses")
            remote = uses and not uses.startswith(("./", "$/", "docker:"))
            if remote and step.is_gate and not _SHA.search(uses):
                yield "unpinned-caller", step.line_of("uses"), f"{uses} may become another gate tomorrow."


def _find_in_scripts(workflow: Workflow) -> Iterator[Hit]:
    for job in workflow.jobs.values():
        for step in job.steps:
            if step.is_gate and "run" in step.data:
                yield from gatescripts.find_in_script(step)


_RULES: tuple[Callable[[Workflow], Iterable[Hit]], ...] = (
    _find_continuing,
    _find_promotions,
    _find_switched_off,
    _find_always_true,
    _find_texts_as_truth,
    _find_passing_when_missing,
    _find_comparisons,
    _find_unknown_outputs,
    _find_unknown_steps,
    _find_unneeded,
    _find_unpinned,
    _find_in_scripts,
)


def _list_parts(workflow: Workflow) -> Iterator[tuple[Job, Job | Step]]:
    for job in workflow.jobs.values():
        for part in _list_own_parts(job):
            yield job, part


def _list_own_parts(job: Job) -> list[Job | Step]:
    return [job, *job.steps]


def _list_conditions(job: Job) -> Iterator[tuple[str, int]]:
    yield to_expression(job.text("if")), job.line_of("if")
    for step in job.steps:
        yield to_expression(step.text("if")), step.line_of("if")


def _continues(text: str) -> bool:
    """Whether ``continue-on-error`` is set by the file or by whoever calls; a matrix may mark what is experimental."""
    return text.lower() == "true" or bool(EXPRESSION.search(text) and "matrix." not in text)


def _is_followed(job: Job, step: Step) -> bool:
    """Whether something after a step looks at how it ended."""
    name = step.text("id")
    later = job.steps[job.steps.index(step) + 1 :]
    texts = [text for part in [*(item.data for item in later), job.data.get("outputs")] for text in walk_texts(part)]
    return bool(name) and any(f"steps.{name}.outcome" in text for text in texts)


def _is_allowed(workflow: Workflow, pattern: str, line: int) -> bool:
    near = workflow.lines[max(0, line - 2) : line]
    return any(found[1] == pattern for text in near if (found := _ALLOWED.search(text)))
