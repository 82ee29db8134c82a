"""The verdict as a record that promotion can rely on: it names by content what it is about, and is sealed as a whole.

The seal is a digest of the record, so a record that was edited gives itself away; whoever can write files can also make
a new seal, which is why every digest in the record is held against what is really here, the gate's report included. A
signature by a key that the repo does not hold can be laid over the file by whoever stores it.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from pavedroad.errors import EvidenceError, RefusedError
from pavedroad.report import Outcome, decode, encode
from pavedroad.settings import Config


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was decided, and about which bytes; every digest is SHA-256 in hexadecimal."""

    schema: Literal["pavedroad.verdict/1"]
    project: str
    outcome: Outcome
    summary: str
    package: str
    """Of the package's manifest, which names every file of it; empty when there was no package."""
    data: str
    policy: str
    """Of all settings, defaults included, and of the text they were read from."""
    report: str
    """Of the gate's report, which in turn names the reports that it took as evidence."""
    commit: str
    dirty: bool
    base: str
    road: str
    time: str
    """UTC, ISO 8601."""
    waivers: list[str]
    seal: str = ""
    """Of the record without this field."""


def digest_policy(config: Config, text: bytes) -> str:
    """Name a policy: the settings as they hold, and the file as it is written."""
    return hashlib.sha256(encode(config) + text).hexdigest()


def seal_verdict(verdict: Verdict) -> Verdict:
    """The record with the digest of itself."""
    bare = msgspec.structs.replace(verdict, seal="")
    return msgspec.structs.replace(verdict, seal=hashlib.sha256(encode(bare)).hexdigest())


def verify_verdict(
    path: Path,
    *,
    project: str,
    package: str,
    data: str,
    policy: str,
    report: str,
    commit: str,
    now: datetime,
    max_age_hours: float,
    used: frozenset[str] = frozenset(),
) -> Verdict:
    """Read a verdict and hold it against what is here.

    Raises:
        RefusedError: it is a no.
        EvidenceError: it is missing, malformed or forged, could not judge, is about another package, data, policy,
            report, commit or project, is too old or from the future, or was used before; the error says which.
    """
    try:
        verdict = msgspec.convert(decode(path.read_bytes(), where=path), Verdict)
    except OSError as error:
        raise EvidenceError("There is no verdict.", where=path, next_step="Run: pavedroad check.") from error
    except msgspec.ValidationError as error:
        raise EvidenceError(f"This is not a verdict: {error}.", where=path) from error
    _refuse(path, verdict.seal != seal_verdict(verdict).seal, "The verdict was changed after it was sealed.")
    yes = {Outcome.PASS, Outcome.WARN}
    if verdict.outcome is Outcome.FAIL:
        raise RefusedError(
            f"The gate said no. {verdict.summary}", where=path, next_step="See why: pavedroad gate --explain."
        )
    _refuse(path, verdict.outcome not in yes, f"The verdict is {verdict.outcome.value!r}: {verdict.summary}")
    _refuse(path, verdict.dirty, "The verdict was given while tracked files were changed, so no commit holds it.")
    here = {
        "project": project,
        "package": package,
        "data": data,
        "policy": policy,
        "report": report,
        "commit": commit,
    }
    for name, found in here.items():
        said = getattr(verdict, name)
        words = f"The verdict is about another {name}: {said[:12] or 'none'}, and here is {found[:12] or 'none'}."
        _refuse(path, not found or said != found, words)
    try:
        age = now - datetime.fromisoformat(verdict.time)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"The verdict's time {verdict.time[:40]!r} is not a time.", where=path) from error
    _refuse(path, age > timedelta(hours=max_age_hours), f"The verdict is {age.total_seconds() / 3600:,.0f} hours old.")
    _refuse(path, age < -timedelta(minutes=5), f"The verdict is from the future ({verdict.time}).")
    _refuse(path, verdict.seal in used, "The verdict was used before; it counts once.")
    return verdict


def _refuse(path: Path, wrong: bool, what: str) -> None:
    if wrong:
        raise EvidenceError(what, where=path, next_step="Let the gate decide again: pavedroad check.")
