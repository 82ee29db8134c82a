"""A shell whose last words are heard.

When a step fails, ``act`` closes its terminal at once and does not wait for what was said last (``exec`` in its
``pkg/container/host_environment.go``; when a step succeeds, it waits). One failed step in twenty lost its last line,
and with it the annotation that a test looked for. So the steps' ``bash`` is a program of ours: it runs the real one,
and after a failure says one line more and ends when ``act`` has written it down.
"""

import shlex
import shutil
from pathlib import Path
from typing import Any

_MARK = "pavedroad: this was all that a failed step said, "
_PROGRAM = r"""#!BASH
case ${1-} in
    --noprofile | -e) ;;  # As a step is started; any other call is some program's own.
    *) exec BASH "$@" ;;
esac
BASH "$@"
ended=$?
if ((ended != 0)); then
    mark="MARK$$-$RANDOM$RANDOM"
    printf '\n%s\n' "$mark"
    for ((waited = 0; waited < 1000; waited++)); do
        grep --quiet --fixed-strings -- "$mark" RECORDS && break
        sleep 0.01
    done
fi
exit "$ended"
"""


def write_shell(folder: Path, records: Path) -> None:
    """Put a ``bash`` for the steps of one run into a new folder.

    Args:
        folder: goes first on the run's path.
        records: what ``act`` writes while it runs; the program waits for its own line there, ten seconds at most.

    Raises:
        FileNotFoundError: there is no bash on the path.
    """
    found = shutil.which("bash")
    if found is None:
        raise FileNotFoundError("bash is missing; the steps of workflows are written for it")
    program = _PROGRAM
    for name, text in (("BASH", found), ("MARK", _MARK), ("RECORDS", shlex.quote(str(records)))):
        program = program.replace(name, text)
    folder.mkdir()
    path = folder / "bash"
    path.write_text(program, encoding="utf-8")
    path.chmod(0o755)


def is_mark(record: dict[str, Any]) -> bool:
    """Whether a record of ``act`` is the line that our shell adds."""
    return str(record.get("msg", "")).startswith(_MARK)
