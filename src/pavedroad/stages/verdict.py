"""The verdict record: one JSON file that binds the gate's outcome to the very bytes it was about."""

from datetime import UTC, datetime
from importlib.metadata import version

from pavedroad.config import FILE_NAME
from pavedroad.foundation.data.tables import hash_file, hash_path
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.gate.champion import load_checkouts
from pavedroad.foundation.gate.verdict import Verdict, digest_policy, seal_verdict, verify_verdict
from pavedroad.foundation.package.folder import MANIFEST
from pavedroad.foundation.project import Project
from pavedroad.report import Report, encode, write_whole

VERDICT = "run/verdict.json"


def record_verdict(project: Project, report: Report, base: str = "") -> Verdict:
    """Write ``reports/run/verdict.json`` for a decision that was just taken."""
    commit = load_history().head(project.root)
    sealed = seal_verdict(
        Verdict(
            schema="pavedroad.verdict/1",
            project=project.config.project.name,
            outcome=report.outcome,
            summary=report.summary,
            package=_hash(project, f"{project.package.name}/{MANIFEST}"),
            data=_hash(project, project.config.data.train),
            policy=digest_policy(project.config, (project.root / FILE_NAME).read_bytes()),
            report=hash_file(project.report("gate")),
            commit="" if commit is None else commit.sha,
            dirty=commit is None or commit.dirty,
            base=load_checkouts().resolve(project.root, base) if base else "",
            road=version("pavedroad"),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            waivers=[check.id for check in report.checks if check.id.startswith("gate.waiver.")],
        )
    )
    write_whole(project.reports / VERDICT, encode(sealed))
    return sealed


def require_verdict(project: Project, used: frozenset[str] = frozenset(), max_age_hours: float = 24 * 7) -> Verdict:
    """The verdict that lets exactly the package, data and policy that are here go on.

    Args:
        project: the repo.
        used: seals of verdicts that have been acted upon already; none of them counts twice.
        max_age_hours: how old the verdict may be.

    Raises:
        RefusedError: the gate said no.
        EvidenceError: it is missing, forged, stale, about something else, or was used before.
        PackageError: there is no package here, or a file of it is not the one that its manifest names.
    """
    from pavedroad.foundation.package.envelope import open_package  # the gate itself, which records, does without

    package = open_package(project.package).digest
    commit = load_history().head(project.root)
    return verify_verdict(
        project.reports / VERDICT,
        project=project.config.project.name,
        package=package,
        data=_hash(project, project.config.data.train),
        policy=digest_policy(project.config, (project.root / FILE_NAME).read_bytes()),
        report=_hash(project, "reports/gate.json"),
        commit="" if commit is None else commit.sha,
        now=datetime.now(UTC),
        max_age_hours=max_age_hours,
        used=used,
    )


def _hash(project: Project, path: str) -> str:
    return hash_path(project.root / path) or ""
