"""Kept data on its way: pushed and read back, verified before it is laid down, looked at from first byte to last."""

from collections.abc import Callable

from pavedroad.foundation.data.kept import Care, Flaw, Tell, Trouble, load_keeper
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Outcome, Place, Report, Severity, conclude, judge

STAGE = "data"
MOST = 200
SHOWN = 10
"""Flaws that are told one by one."""


def push(project: Project, remote: str, tell: Tell) -> Report:
    """Push kept data and read the remote back; whatever is still missing or damaged there is an error."""
    care = load_keeper().push(project.root, remote, tell)
    return _conclude(project, care, "The remote holds every piece that the repo names, whole", _tell_pushed)


def pull(project: Project, targets: list[str], remote: str, tell: Tell) -> Report:
    """Bring kept data into the work tree; what is damaged is never laid down."""
    care = load_keeper().pull(project.root, targets, remote, tell)
    return _conclude(project, care, "Every piece that was asked for came, whole", _tell_pulled)


def verify(project: Project, remote: str, tell: Tell) -> Report:
    """Read everything in the cache and in the remote again."""
    care = load_keeper().verify(project.root, remote, tell)
    return _conclude(project, care, "Cache and remote hold what the repo names, whole", _tell_verified)


def judge_remotes(project: Project) -> Check | None:
    """Whether every remote of the repo is verified by the vendor too; None when all are."""
    trusting = load_keeper().find_trusting(project.root)
    if not trusting:
        return None
    commands = join_some([f"dvc remote modify {name} verify true" for name in trusting], SHOWN, "; ")
    return judge(
        "data.trusting",
        "What comes from a remote is verified",
        ok=False,
        severity=Severity.WARNING,
        observed=list(trusting),
        expected="verify = true for every remote",
        reason=f"DVC takes what these remotes give without looking: {join_some(trusting, SHOWN)}. Run: {commands}.",
        where=Place(".dvc/config"),
    )


def _conclude(project: Project, care: Care, title: str, spell: Callable[[Care], str]) -> Report:
    bad = [flaw for flaw in care.flaws if not flaw.remade]
    checks = [
        judge(
            "data.pieces",
            title,
            ok=not bad,
            observed={
                "pieces": care.pieces,
                "read": care.read,
                "missing": _count(bad, "missing"),
                "damaged": _count(bad, "damaged"),
                "uploaded again": len(care.mended),
            },
            expected="none missing, none damaged",
            reason=f"DVC said: {care.said}" if care.said and bad else "",
        )
    ]
    checks += [_to_check(number, flaw, care) for number, flaw in enumerate(bad[:MOST], start=1)]
    remade = [flaw for flaw in care.flaws if flaw.remade]
    if remade:
        names = join_some([*dict.fromkeys(flaw.kept.path for flaw in remade)], 20)
        checks.append(
            judge(
                "data.remade",
                "What the pipeline makes came along",
                ok=False,
                severity=Severity.INFO,
                observed=len(remade),
                reason=f"Not there, and made again by `pavedroad check`: {names}.",
            )
        )
    trusting = judge_remotes(project)
    checks += [] if trusting is None else [trusting]
    if bad:
        checks[0] = _as_error(checks[0])
    return conclude(STAGE, checks, summary=spell(care))


def _to_check(number: int, flaw: Flaw, care: Care) -> Check:
    what = "is missing" if flaw.trouble == "missing" else "is damaged: its content does not match its hash"
    place = f" ({flaw.where})" if flaw.where else ""
    remote = f" Remote: {care.remote}." if care.remote else ""
    return Check(
        id=f"data.flaw.{number}",
        title=f"{flaw.kept.path} is kept whole",
        outcome=Outcome.ERROR,
        observed=flaw.trouble,
        expected=flaw.kept.digest,
        reason=f"{flaw.kept.path} {what}{place}.{remote} {_advise(flaw)}",
    )


def _advise(flaw: Flaw) -> str:
    if flaw.trouble == "missing":
        return "Run `pavedroad data push` where the data is."
    return "Run `pavedroad data push` where the data is whole; a damaged file in a cache has to be removed first."


def _as_error(check: Check) -> Check:
    from msgspec.structs import replace

    return replace(check, outcome=Outcome.ERROR)


def _count(flaws: list[Flaw], trouble: Trouble) -> int:
    return sum(flaw.trouble == trouble for flaw in flaws)


def _tell_pushed(care: Care) -> str:
    if care.flaws:
        return f"The remote {care.remote!r} is not complete: {_spell(care)}."
    again = f", {len(care.mended):,} of them uploaded a second time" if care.mended else ""
    return f"The remote {care.remote!r} holds all {care.pieces:,} pieces, whole{again}."


def _tell_pulled(care: Care) -> str:
    if any(not flaw.remade for flaw in care.flaws):
        return f"Nothing was laid down: {_spell(care)}."
    return f"{len(care.brought):,} files and folders are here, {care.pieces:,} pieces, all whole."


def _tell_verified(care: Care) -> str:
    places = f"the cache and the remote {care.remote!r}" if care.remote else "the cache; there is no remote"
    found = _spell(care) if care.flaws else "all whole"
    return f"{care.pieces:,} pieces, read in {places}: {found}."


def _spell(care: Care) -> str:
    bad = [flaw for flaw in care.flaws if not flaw.remade]
    return f"{_count(bad, 'missing'):,} missing, {_count(bad, 'damaged'):,} damaged"
