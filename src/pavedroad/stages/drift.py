"""Drift: does the current data still look like what the model was trained on?"""

from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError
from pavedroad.foundation.data import name_input, read_table, read_training_table, split_rows
from pavedroad.foundation.drift import Finding, find_drift, load_drift_engine
from pavedroad.foundation.profile import draw_distribution
from pavedroad.foundation.project import Project
from pavedroad.report import Check, Figure, Outcome, Report, Severity, Value, conclude, judge
from pavedroad.settings import Drift

if TYPE_CHECKING:
    import pandas as pd

MAX_FIGURES = 60


def drift(project: Project) -> Report:
    """Compare the current table (or, without one, the holdout) with the training rows, column by column."""
    config = project.config
    settings = config.drift
    table = read_training_table(project)
    split = split_rows(table, config.data, config.objective)
    reference = table.iloc[split.train]
    inputs = [name_input(project, config.data.train, rows=len(table))]
    if config.data.current:
        current = read_table(project.root / config.data.current)
        inputs.append(name_input(project, config.data.current, rows=len(current)))
        source = config.data.current
    else:
        current, source = table.iloc[split.holdout], "the holdout"
    columns = _choose_columns(project, reference, current)
    if min(len(reference), len(current)) < settings.min_rows:
        return _skip(settings, len(reference), len(current))
    findings = find_drift(reference, current, columns, settings, load_drift_engine(settings.engine))
    checks = [_to_check(finding, settings) for finding in findings]
    new = [name for name in current.columns if name not in reference.columns]
    if new:
        checks.append(
            judge(
                "drift.new-columns",
                "No column is new",
                ok=False,
                severity=Severity.WARNING,
                observed=len(new),
                expected=0,
                reason=f"New in the current data: {', '.join(new[:20])}.",
            )
        )
    moved = sum(check.outcome is not Outcome.PASS for check in checks)
    return conclude(
        "drift",
        checks,
        summary=(
            f"{len(current):,} rows of {source} against {len(reference):,} training rows: "
            + ("no column has drifted." if not moved else f"{moved} of {len(checks)} checks found drift.")
        ),
        inputs=inputs,
        figures=_draw(findings, reference, current, settings),
    )


def _choose_columns(project: Project, reference: "pd.DataFrame", current: "pd.DataFrame") -> list[str]:
    """The configured columns; else every one of the reference but time, keys and a target that is not known yet."""
    config = project.config
    if config.drift.columns:
        unknown = [name for name in config.drift.columns if name not in reference.columns]
        if unknown:
            raise ConfigError(
                f"drift.columns names {unknown[0]!r}, which is not in the training table.",
                where=project.root / "pavedroad.toml",
            )
        return config.drift.columns
    left_out = {config.data.time, *config.data.keys}
    if config.objective.target not in current.columns:
        left_out.add(config.objective.target)
    return [name for name in reference.columns if name not in left_out]


def _skip(settings: Drift, reference: int, current: int) -> Report:
    check = Check(
        id="drift.rows",
        title="There are enough rows to compare",
        outcome=Outcome.SKIPPED,
        observed=min(reference, current),
        expected=f"at least {settings.min_rows:,} on both sides",
        reason=f"{reference:,} reference and {current:,} current rows are too few for a test to mean anything.",
    )
    return conclude("drift", [check], summary=check.reason)


def _to_check(finding: Finding, settings: Drift) -> Check:
    title = f"`{finding.column}` has not drifted" + ("" if finding.about == "values" else f" in its {finding.about}")
    id_ = f"drift.{finding.column}" + ("" if finding.about == "values" else f".{finding.about.replace(' ', '-')}")
    compared = finding.comparison
    if compared is None:
        return judge(id_, title, ok=False, reason=finding.problem, expected="comparable values")
    large = compared.effect >= settings.fail_effect
    evidence: dict[str, Value] = {"method": compared.method, "effect": compared.effect, "measure": compared.effect_name}
    reason = ""
    if finding.adjusted_p is not None:
        evidence |= {"p_value": compared.p_value, "adjusted_p": finding.adjusted_p}
    if finding.drifted:
        reason = f"The {compared.effect_name} is {compared.effect:.3g}; material from {settings.min_effect:g} on" + (
            f", and chance explains it with probability {finding.adjusted_p:.2g} at most."
            if finding.adjusted_p is not None
            else "."
        )
    return judge(
        id_,
        title,
        ok=not finding.drifted,
        severity=Severity.CRITICAL if large else Severity.WARNING,
        observed=round(compared.effect, 4),
        expected=f"below {settings.min_effect:g}, or within chance",
        reason=reason,
        evidence=evidence,
    )


def _draw(findings: list[Finding], reference: "pd.DataFrame", current: "pd.DataFrame", settings: Drift) -> list[Figure]:
    compared = sorted(
        ((found.comparison.effect, found) for found in findings if found.comparison and found.about == "values"),
        key=lambda pair: -pair[0],
    )
    effects = Figure(
        id="effects",
        kind="effects",
        title="Size of the change, by column",
        data={
            "label": [found.column for _, found in compared],
            "value": [round(effect, 6) for effect, _ in compared],
            "threshold": [settings.min_effect for _ in compared],
        },
    )
    drawn = [draw_distribution(current[found.column], reference[found.column]) for _, found in compared[:MAX_FIGURES]]
    return [*([effects] if compared else []), *(figure for figure in drawn if figure is not None)]
