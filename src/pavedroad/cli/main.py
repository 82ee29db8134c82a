"""The command ``pavedroad``: a table of verbs, each imported only when it is called."""

import atexit
import contextlib
import gc
import importlib
import os
import signal
import sys
import threading

import click

from pavedroad.errors import ExitCode, JudgementError, PavedroadError, UsageError, put_refusal

DEBUG = "PAVEDROAD_DEBUG"
"""When this environment variable is set, an error that nobody foresaw shows where it came from."""

SELDOM = (500_000, 10, 10)
"""How many new objects make a command search for garbage, and how many searches a longer and the longest one."""

_ASKED_BY = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

VERBS = {
    "check": ("pavedroad.cli.check:check", "Take this repo down the whole road and judge the model."),
    "validate": ("pavedroad.cli.stages:validate", "Judge the training data by its suite of expectations."),
    "train": ("pavedroad.cli.stages:train", "Train the model with the repo's own functions."),
    "evaluate": ("pavedroad.cli.stages:evaluate", "Score the model on unseen rows, beside the baseline."),
    "drift": ("pavedroad.cli.stages:drift", "Compare the current data with the training data."),
    "package": ("pavedroad.cli.stages:package", "Seal the model with all that is needed to trust it."),
    "latency": ("pavedroad.cli.stages:latency", "Time single predictions on this machine."),
    "compare": ("pavedroad.cli.gate:compare", "Score the model and the base branch's on the same rows."),
    "gate": ("pavedroad.cli.gate:gate", "Decide, from the reports alone, whether the model may go on."),
    "verdict": ("pavedroad.cli.verdict:verdict", "Verify that the gate said yes to exactly what is here."),
    "report": ("pavedroad.cli.report:report", "Write the reports as a page and as Markdown."),
    "comment": ("pavedroad.cli.comment:comment", "Keep the verdict as a comment below a pull request."),
    "retrain": ("pavedroad.cli.retrain:retrain", "Train on new data and judge the new model against the old one."),
    "propose": ("pavedroad.cli.retrain:propose", "Open a pull request with what a retraining proposes."),
    "contract": ("pavedroad.cli.stages:contract", "Tell what a change of suite or table promises less or more."),
    "reproduce": ("pavedroad.cli.reproduce:reproduce", "Make a package again from its commit, and compare."),
    "export": ("pavedroad.cli.export:export", "Write the packed model as ONNX, proven to answer the same."),
    "signature": ("pavedroad.cli.signature:signature", "Vouch for a package with a key, and verify who did."),
    "runs": ("pavedroad.cli.runs:runs", "List and compare the models that were made here."),
    "suite": ("pavedroad.cli.suite:suite", "Make a suite of expectations from the data."),
    "data": ("pavedroad.cli.data:data", "Push, pull and verify the data that DVC keeps."),
    "lint": ("pavedroad.cli.lint:lint", "Find ways to skip a gate that no linter of workflows sees."),
    "new": ("pavedroad.cli.care:new", "Generate a repo that drives on the road."),
    "doctor": ("pavedroad.cli.care:doctor", "Find out what keeps this repo from the road."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; ``--help`` reads the table alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """The verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        """Import a verb's command."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was probably meant."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from pavedroad.config import nearest

            raise click.UsageError(f"{args[0]!r} is not a command. {nearest(args[0], list(VERBS))}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs with their one-line help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in VERBS.items()])


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"pavedroad {version('pavedroad')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass (or pass with warnings) · 1 the road says no · 2 wrong usage or configuration · "
    "3 no verdict. Start with `pavedroad new`, then run `pavedroad check` inside the new repo.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def pavedroad() -> None:
    """One road for a machine-learning repo: validate, train, evaluate, drift, gate, report.

    Every command judges the repo that the current folder lies in and takes its settings from pavedroad.toml.
    """
    if "--help" not in sys.argv and "-h" not in sys.argv:
        from pavedroad.cli.host import enter

        enter(aside="--json" in sys.argv)


def main() -> None:
    """Run the command line, turning every error into words and an exit code."""
    _heed_termination()
    try:
        code = pavedroad(prog_name="pavedroad", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt) as interruption:
        code = _say_interrupted(interruption)
    except BrokenPipeError:
        code = _stop_printing()
    except click.ClickException as error:
        error.show()
        if "--json" in sys.argv:
            from pavedroad.cli.console import print_json_error

            print_json_error(UsageError(error.format_message()))
        code = ExitCode.USAGE
    except PavedroadError as error:
        code = _tell(error)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        code = _tell(_put_in_words(error))
    finally:
        entered = sys.modules.get("pavedroad.cli.host")
        if entered is not None:
            entered.leave()
    sys.exit(int(code or 0))


def run() -> None:
    """Be the program: run the command line and end the process without taking apart what it loaded.

    With scikit-learn among that, half a million objects, Python would go through them five hundred times while they
    are imported, and free them one by one at the end: half a second each, in every stage. So it searches for garbage
    seldom (but in the repo's own functions, see ``foundation.usercode.supervision``), and what is left is left to the
    system. Nothing is lost: threads are waited for, what wants to be called at exit is called, and what was printed is
    passed on. mypy does the same.
    """
    gc.set_threshold(*SELDOM)
    try:
        main()
    except SystemExit as end:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()  # noqa: SLF001 - Python's own end calls it; there is no other name for it
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # whoever reads it is gone
                stream.flush()
        os._exit(int(end.code or 0))


def _tell(error: PavedroadError) -> ExitCode:
    from pavedroad.cli.console import print_error
    from pavedroad.cli.host import tell_error

    print_error(error, as_json="--json" in sys.argv)
    tell_error(error)
    return error.exit_code


def _put_in_words(error: Exception) -> PavedroadError:
    """An error that nobody foresaw: the system's refusals by what and where, all others as our own fault."""
    if isinstance(error, OSError) and error.strerror:
        return put_refusal(error)
    return JudgementError(
        f"pavedroad itself failed with {type(error).__name__}: {error}.",
        next_step=f"Please report it, with what the command prints when {DEBUG}=1 is set.",
    )


def _stop_printing() -> ExitCode:
    """Whoever read what we print is gone, as after ``| head``; say nothing more, not even at the very end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.CANNOT_JUDGE


class _Terminated(KeyboardInterrupt):
    """The system asked this command to end, by the signal of that number."""


def _heed_termination() -> None:
    """Take SIGTERM, which a cancelled job sends, and SIGHUP, which a closed terminal sends, as Ctrl-C is taken.

    What we started ends before we do. Who asked to be left alone, as ``nohup`` does, is.
    """
    own = os.getpid()

    def end(number: int, _frame: object) -> None:
        if os.getpid() == own:
            raise _Terminated(number)
        # A copy of us that somebody's library forked, and ends in its own way.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in _ASKED_BY:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def _say_interrupted(interruption: BaseException) -> int:
    # Click makes an `Abort` of what interrupts a command, and names it as the cause.
    found = [cause for cause in (interruption, interruption.__cause__) if isinstance(cause, _Terminated)]
    with contextlib.suppress(OSError):  # the terminal may be gone
        click.echo("\nInterrupted. Nothing is half-written; run the command again to go on.", err=True)
    number: int = found[0].args[0] if found else signal.SIGINT
    return 128 + number  # what a shell reports for a command that a signal ended
