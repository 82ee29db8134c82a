"""Package: the model and all that is needed to trust it, in one folder with a manifest."""

import shutil
from pathlib import Path
from typing import TypeGuard

import msgspec

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.tables import hash_file, hash_parts, name_code, name_input
from pavedroad.foundation.evaluation.predicted import PREDICTED
from pavedroad.foundation.package.answers import FORMAT
from pavedroad.foundation.package.bom import BOM, make_bom
from pavedroad.foundation.package.card import list_fields, make_card
from pavedroad.foundation.package.card_pages import to_html, to_markdown
from pavedroad.foundation.package.envelope import CARD, CARD_PAGE, ENVIRONMENT, LINEAGE, Package, open_package
from pavedroad.foundation.package.environment import list_packages, write_lock
from pavedroad.foundation.package.facts import (
    FACTS,
    NO_ESTIMATOR,
    Facts,
    Makeup,
    Source,
    describe_model,
    find_measures,
    find_warnings,
)
from pavedroad.foundation.package.folder import MANIFEST, Manifest, build_folder, verify_manifest, write_manifest
from pavedroad.foundation.package.licences import find_licences
from pavedroad.foundation.package.lineage import Lineage, Node, draw, trace
from pavedroad.foundation.package.model import NO_MODEL, SIGNATURE, TO_MEASURE, Signature, name_kept
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.foundation.tracking import record
from pavedroad.foundation.usercode.parameters import read_parameters
from pavedroad.report import (
    Check,
    Outcome,
    Report,
    Scalar,
    Severity,
    conclude,
    decode,
    encode,
    finite,
    judge,
    read_report,
    write_whole,
)
from pavedroad.stages.evaluate import METRICS_FILE
from pavedroad.stages.train import load_claims, name_model

LONGEST_FIELD = 200
"""Characters of a card's field that the report repeats."""


def package(project: Project) -> Report:
    """Put the model and everything that is known about it into ``package/`` and seal it with a manifest.

    Raises:
        EvidenceError: there is no passing evaluation, or the lock does not know where the model comes from.
        PackageError: the model's folder is not what training left there.
    """
    if project.config.model.gives == "metrics":
        return _refuse_nothing(project)
    evaluated = read_report(project.report("evaluate"))
    if evaluated.outcome not in {Outcome.PASS, Outcome.WARN}:
        raise EvidenceError(f"The evaluation came to {evaluated.outcome.value!r}; there is nothing to pack.")
    verify_manifest(project.model)
    lineage = trace(load_pipeline().read_lock(project.root), project.model.name)
    facts = gather_facts(project, evaluated)
    with build_folder(project.package) as folder:
        for path in sorted(project.model.iterdir()):
            if path.name != MANIFEST:
                shutil.copyfile(path, folder / path.name)
        shutil.copyfile(project.reports / METRICS_FILE, folder / METRICS_FILE)
        if (project.reports / PREDICTED).is_file():  # a pipeline of an older template does not keep it
            shutil.copyfile(project.reports / PREDICTED, folder / PREDICTED)
        _describe(folder, facts, lineage)
        write_manifest(folder, project.config.project.name)
        open_package(folder)
    found = open_package(project.package)
    _track(project, found)
    return conclude(
        "package",
        [
            _tell_manifest(found.manifest),
            _judge_lineage(project, lineage),
            _tell_card(facts, found.signature),
            _tell_components(facts),
            _tell_licences(facts),
            *([_tell_waivers(facts)] if facts.waivers else []),
        ],
        summary=f"{len(found.manifest.files)} files, {_sum_bytes(found.manifest) / 1e6:.2f} MB, sealed by a manifest.",
        inputs=[name_model(project), name_input(project, "reports/evaluate.json")],
        figures=[draw(lineage, Node(project.package.name, found.digest))],
    )


def gather_facts(project: Project, evaluated: Report) -> Facts:
    """Collect what the package will say of itself from the settings, the reports and the model's own folder."""
    config = project.config
    objective = config.objective
    earlier = [read_report(project.report(stage)) for stage in ("validate", "train")]
    terms = next((check.evidence for check in evaluated.checks if "metric" in check.evidence), {})
    rows, confidence = terms.get("rows"), terms.get("confidence")
    model = project.model / name_kept(config.model)
    alone, claims = config.model.gives == "predictions", load_claims(project)
    makeup = Makeup(NO_ESTIMATOR, frozenset()) if alone else describe_model(config.model.format, model)
    measures, slices = find_measures(evaluated)
    packages = list_packages(set(makeup.modules))
    return Facts(
        schema="pavedroad.package/1",
        name=config.project.name,
        owner=config.project.owner,
        statement=objective.statement,
        problem=objective.problem,
        target=objective.target,
        metric=objective.metric,
        better=str(terms.get("better", "")),
        confidence=confidence if isinstance(confidence, float) else config.gate.confidence,
        rows=rows if isinstance(rows, int) else 0,
        measures=measures,
        slices=slices,
        sources=find_sources(project, [*earlier, evaluated]),
        code=hash_code(project),
        parameters=read_scalars(project),
        estimator=makeup.estimator,
        format=FORMAT if alone else config.model.format,
        model=hash_file(model),
        bytes=model.stat().st_size,
        environment=packages,
        warnings=find_warnings([*earlier, evaluated]),
        licences=find_licences(packages),
        words=config.project.card,
        waivers=config.gate.waiver,
        claimed={} if claims is None else claims.figures,
        held_out=next((str(check.expected) for check in earlier[1].checks if check.id == "train.rows"), ""),
    )


def find_sources(project: Project, reports: list[Report]) -> list[Source]:
    """The tables and other files that stages read, but for code and what stages before them made."""
    code = {entry.path for entry in name_code(project)}
    made = {"reports", project.model.name}
    read = {entry.path: entry for report in reports for entry in report.inputs}
    return [
        Source(path=path, sha256=entry.sha256, rows=entry.rows)
        for path, entry in sorted(read.items())
        if path not in code and path.partition("/")[0] not in made
    ]


def hash_code(project: Project) -> str:
    """One SHA-256 over the repo's own code."""
    return hash_parts({entry.path: entry.sha256 for entry in name_code(project)})


def read_scalars(project: Project) -> dict[str, Scalar]:
    """The parameters of training; whatever is no single value, in words."""
    return {
        name: finite(value) if isinstance(value, float) else value if _is_scalar(value) else str(value)
        for name, value in read_parameters(project).items()
    }


def _refuse_nothing(project: Project) -> Report:
    """What is said where a script gives figures of its own alone."""
    reason = f"{NO_MODEL['metrics']} So there is nothing to pack. {TO_MEASURE}"
    check = judge("package.model", "There is a model to pack, or predictions", ok=False, reason=reason)
    return conclude("package", [check], summary=reason, inputs=[name_model(project)])


def _track(project: Project, found: Package) -> None:
    """Record the run next to git; telling a tracker of it is the command line's."""
    stages = [read_report(project.report(stage)).run for stage in ("train", "evaluate")]
    record(project, found, [stage for stage in stages if stage is not None])


def _describe(folder: Path, facts: Facts, lineage: Lineage) -> None:
    """Write all that is known about the model beside it; the same facts give the same bytes."""
    signature = msgspec.convert(decode((folder / SIGNATURE).read_bytes()), Signature)
    card = make_card(facts, signature)
    write_whole(folder / FACTS, encode(facts))
    write_whole(folder / LINEAGE, encode(lineage))
    write_whole(folder / ENVIRONMENT, write_lock(facts.environment).encode())
    write_whole(folder / BOM, encode(make_bom(facts)))
    write_whole(folder / CARD, to_markdown(card).encode())
    write_whole(folder / CARD_PAGE, to_html(card).encode())


def _tell_manifest(manifest: Manifest) -> Check:
    return judge(
        "package.manifest",
        "Every file of the package is the one in its manifest",
        ok=True,
        observed=f"{len(manifest.files)} files",
        evidence={name: file.sha256 for name, file in manifest.files.items()},
    )


def _judge_lineage(project: Project, lineage: Lineage) -> Check:
    sources = [node.path for step in lineage.steps for node in step.inputs]
    ok = project.config.data.train in sources
    return judge(
        "package.lineage",
        "The package says what it was made of",
        ok=ok,
        observed=len(sources),
        expected=f"{project.config.data.train} among the sources",
        reason="" if ok else "The training data is not in the lineage.",
    )


def _tell_card(facts: Facts, signature: Signature) -> Check:
    """Which fields of the card are filled; which of them must be is the gate's to say."""
    fields = list_fields(facts, signature)
    empty = [name for name, said in fields.items() if not said]
    return judge(
        "package.card",
        "What the model card says is known",
        ok=True,
        severity=Severity.INFO,
        observed=f"{len(fields) - len(empty)} of {len(fields)} fields filled",
        evidence={name: said[:LONGEST_FIELD] for name, said in fields.items()},
    )


def _tell_components(facts: Facts) -> Check:
    """Every package that the model needs, so that the gate can tell whose licence is missing altogether."""
    return judge(
        "package.components",
        "The packages that the model needs are listed",
        ok=True,
        severity=Severity.INFO,
        observed=f"{len(facts.environment):,} packages",
        evidence=dict(facts.environment),
    )


def _tell_licences(facts: Facts) -> Check:
    """The licence of every package that the model needs; which of them may be used is the gate's to say."""
    unknown = sum(not licence for licence in facts.licences.values())
    return judge(
        "package.licences",
        "The licences of the packages that the model needs are known",
        ok=True,
        severity=Severity.INFO,
        observed=f"{len(facts.licences):,} packages" + (f", {unknown:,} without a clear licence" if unknown else ""),
        evidence=dict(facts.licences),
    )


def _tell_waivers(facts: Facts) -> Check:
    """The waivers of the policy, which the card shows."""
    return judge(
        "package.waivers",
        "No waiver stands in the policy",
        ok=False,
        severity=Severity.WARNING,
        observed=[waiver.check for waiver in facts.waivers],
        reason=" ".join(f"{item.check} until {item.until} by {item.by}: {item.reason}" for item in facts.waivers),
    )


def _sum_bytes(manifest: Manifest) -> int:
    return sum(file.bytes for file in manifest.files.values())


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    return value is None or isinstance(value, str | int | bool)
