"""``pavedroad gate`` and ``pavedroad compare``: the decision, why it is so, and the evidence against the champion."""

from functools import partial
from pathlib import Path

import click

from pavedroad.cli.console import print_json, print_stage, set_aside
from pavedroad.cli.ending import end_stage, exit_with
from pavedroad.cli.host import tell_stage
from pavedroad.cli.options import base_option, json_option
from pavedroad.foundation.project import find_project


@click.command()
@base_option
@click.option("--explain", is_flag=True, help="Say in plain words why, what would have to change, and what was close.")
@click.option("--page", is_flag=True, help="Also write reports/decision.html, a page about the decision alone.")
@click.option(
    "--what-if", "what_if", multiple=True, metavar="KEY=VALUE", help="Decide by another setting; keep none of it."
)
@json_option
def gate(base: str, explain: bool, page: bool, what_if: tuple[str, ...], as_json: bool) -> None:
    """Decide whether the model may go on, from the reports alone.

    Every required stage must have a report that passed and still speaks of what is here; the model must beat the
    baseline with its whole confidence interval; latency and size must stay within their budgets. What is missing is
    never a pass.
    """
    from pavedroad.render.explanation import explain as put_in_words
    from pavedroad.stages.base import find_base
    from pavedroad.stages.gate import gate as decide
    from pavedroad.stages.runner import run_stage
    from pavedroad.stages.verdict import record_verdict

    project = find_project(Path.cwd())
    base = find_base(project, base)
    if what_if:
        from pavedroad.stages.whatif import decide_otherwise

        report = decide_otherwise(project, list(what_if), base)
    else:
        report = run_stage(project, "gate", partial(decide, base=base))
        record_verdict(project, report, base)
    if page and not what_if:
        from pavedroad.render.decision import to_decision_page
        from pavedroad.report import write_whole

        write_whole(project.reports / "decision.html", to_decision_page(report).encode())
    if as_json:
        print_json({"report": report, "explanation": put_in_words(report)} if explain else report)
    elif explain:
        for line in put_in_words(report):
            click.echo(line)
    else:
        print_stage(report)
    if what_if:
        if not as_json:
            click.echo(f"This is what would be with {', '.join(what_if)}. Nothing was written.")
    else:
        tell_stage(project, report)
    exit_with(report.outcome)


@click.command()
@base_option
@json_option
def compare(base: str, as_json: bool) -> None:
    """Score the packaged model and the one that the base branch records on the same rows.

    The other model is fetched from DVC's cache or remote, or made once more, and predicts with its own code. The
    report holds the difference with its interval; the gate decides what to make of it.
    """
    from pavedroad.stages.base import find_base
    from pavedroad.stages.compare import compare as meet
    from pavedroad.stages.gate import read_base
    from pavedroad.stages.runner import run_stage

    project = find_project(Path.cwd())
    base = find_base(project, base)
    policy = ((read_base(project, base) if base else None) or project.config).gate
    with set_aside(wanted=as_json):  # the repo's own functions may print
        report = run_stage(project, "compare", partial(meet, base=base, policy=policy))
    end_stage(project, report, as_json=as_json)
