"""Evaluate: the road scores the kept model on rows it never saw, beside the baseline it must beat."""

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from pavedroad.foundation.data.tables import name_code, name_tables
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.evaluation.baseline import choose_baseline, choose_constant
from pavedroad.foundation.evaluation.metrics import Estimates, Metric, Needs, Predictions, compare, find_metric
from pavedroad.foundation.evaluation.predicted import PREDICTED, keep_predicted, write_predicted
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.evaluation.rival import identify_baseline, make_baseline, title_baseline
from pavedroad.foundation.package.claims import Claims
from pavedroad.foundation.package.inputs import InputFinding, require_inputs
from pavedroad.foundation.package.model import predict, require_known_classes
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.report import Check, Figure, Report, Scalar, Severity, Value, conclude, encode, judge, write_whole
from pavedroad.settings import Objective
from pavedroad.stages.evaluate_claims import judge_claims, refuse_unmeasured
from pavedroad.stages.evaluate_details import Scored, look_closer
from pavedroad.stages.train import load_claims, load_signature, load_trained, name_model, predict_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

METRICS_FILE = "metrics.json"
MAX_POINTS = 400
MAX_FINDINGS = 20


def evaluate(project: Project) -> Report:
    """Score the model and the baseline on the holdout, with intervals; the gate decides what to make of it."""
    config = project.config
    objective = config.objective
    metric = find_metric(objective.metric, objective.problem)
    claims = load_claims(project)
    if claims is not None and config.model.gives == "metrics":
        write_whole(project.reports / METRICS_FILE, encode({"metric": metric.name, "claimed": claims.figures}))
        return refuse_unmeasured(project, claims)
    table = open_training_table(project)
    holdout = table.read_holdout()
    signature = load_signature(project)
    require_known_classes(holdout[objective.target], signature)
    findings = require_inputs(signature, holdout)
    model: Any = None
    if config.model.gives == "predictions":
        features, predicted = holdout, predict_rows(project, holdout, metric.needs)
    else:
        model, _ = load_trained(project)
        features = make_features(project, holdout, signature.features)
        needs = _find_needs(model, objective, metric)
        predicted = predict(model, features, signature, needs, seconds=config.model.timeout)
    actual = holdout[objective.target].to_numpy()

    # A stated baseline can be worse than knowing nothing, so the model is also held against the best constant.
    stated, constant = choose_baseline(objective), choose_constant(objective)
    rivals = {name: make_baseline(project, name, table, metric.needs) for name in dict.fromkeys((stated, constant))}
    estimates = compare(metric, actual, predicted, rivals, confidence=config.gate.confidence, seed=config.data.seed)
    scored = Scored(config, metric, table, holdout, features, actual, predicted, model, signature)
    closer, drawn = look_closer(scored)
    if claims is not None:
        closer += judge_claims(claims, scored, {metric.name: estimates[stated].model})
    write_whole(project.reports / METRICS_FILE, encode(_flatten(metric, estimates[stated], claims)))
    kept = keep_predicted(
        predicted,
        estimates[stated],
        metric,
        model=name_model(project).sha256,
        baseline=title_baseline(stated),
        confidence=config.gate.confidence,
    )
    write_predicted(project.reports / PREDICTED, kept)
    terms: dict[str, Value] = {
        "metric": metric.name,
        "better": metric.better,
        "confidence": config.gate.confidence,
        "resamples": estimates[stated].resamples,
        "rows": len(holdout),
    }
    model_value = estimates[stated].model.value
    return conclude(
        "evaluate",
        [
            judge(
                "evaluate.predictions",
                "There is one usable prediction for every row",
                ok=True,
                observed=len(predicted.values),
                expected=len(holdout),
            ),
            _tell_inputs(findings, config.data.time),
            _to_check("metric.model", f"{metric.title} of the model", estimates[stated].model),
            *(
                _to_check(
                    f"metric.{identify_baseline(name)}", f"{metric.title} of {title_baseline(name)}", found.baseline
                )
                for name, found in estimates.items()
            ),
            _to_check(
                "metric.improvement",
                f"How much better the model is than {title_baseline(stated)}",
                estimates[stated].improvement,
                {**terms, "baseline": stated},
            ),
            _to_check(
                "metric.skill",
                f"How much better the model is than {title_baseline(constant)}",
                estimates[constant].improvement,
                {**terms, "baseline": constant},
            ),
            *closer,
        ],
        summary=(
            f"{metric.headline} {model_value:.4g} on {len(holdout):,} unseen rows; "
            + ", ".join(f"{title_baseline(name)} gives {found.baseline.value:.4g}" for name, found in estimates.items())
            + "."
        ),
        inputs=[
            *name_tables(project, rows=table.rows),
            name_model(project),
            *name_code(project),
        ],
        figures=[
            _draw_intervals(metric, estimates, stated),
            _draw_fit(objective, holdout, actual, predicted, config.data.time),
            *drawn,
        ],
    )


def _tell_inputs(findings: list[InputFinding], time: str) -> Check:
    """What the rows to judge on are unlike; that their own times go on is no news."""
    shown = [finding for finding in findings if finding.column != time]
    return judge(
        "evaluate.inputs",
        "The rows to judge on are like those that training saw",
        ok=True,
        severity=Severity.INFO,
        observed=f"{len(shown)} of the columns differ" if shown else "no column differs",
        reason=join_some(
            [f"{finding.column}: {finding.rows:,} {finding.words}" for finding in shown], MAX_FINDINGS, "; "
        ),
        evidence={finding.column: finding.rows for finding in shown[:MAX_FINDINGS]},
    )


def _find_needs(model: object, objective: Objective, metric: Metric) -> Needs:
    """What to ask the model for: of two classes always the chances, when it gives them, to see what they are worth."""
    has_chances = objective.problem == "binary" and callable(getattr(model, "predict_proba", None))
    return "probability" if has_chances else metric.needs


def _to_check(id_: str, title: str, interval: Interval, evidence: dict[str, Value] | None = None) -> Check:
    """A metric as evidence: recorded here, judged by the gate."""
    return judge(
        id_,
        title,
        ok=True,
        severity=Severity.INFO,
        observed={"value": interval.value, "low": interval.low, "high": interval.high},
        evidence=evidence,
    )


def _flatten(metric: Metric, estimates: Estimates, claims: Claims | None) -> dict[str, Any]:
    """What git keeps: the road's figures and, apart from them, the script's own."""
    return {
        "metric": metric.name,
        "value": estimates.model.value,
        "low": estimates.model.low,
        "high": estimates.model.high,
        "baseline": estimates.baseline.value,
        "improvement": estimates.improvement.value,
        **({} if claims is None else {"claimed": claims.figures}),
    }


def _draw_intervals(metric: Metric, estimates: dict[str, Estimates], stated: str) -> Figure:
    sides = [("model", estimates[stated].model), ("baseline", estimates[stated].baseline)]
    sides += [(title_baseline(name), found.baseline) for name, found in estimates.items() if name != stated]
    return Figure(
        id="metric",
        kind="intervals",
        title=f"{metric.title} ({metric.better} is better)",
        data={
            "label": [label for label, _ in sides],
            "low": [side.low for _, side in sides],
            "value": [side.value for _, side in sides],
            "high": [side.high for _, side in sides],
        },
    )


def _draw_fit(
    objective: Objective, holdout: "pd.DataFrame", actual: "np.ndarray", predicted: Predictions, time: str
) -> Figure:
    import numpy as np

    if objective.problem != "regression":
        pairs = Counter(zip(map(str, actual.tolist()), map(str, predicted.values.tolist()), strict=True))
        counted = [(*pair, count) for pair, count in sorted(pairs.items())]
        return Figure(
            id="fit",
            kind="confusion",
            title="Predicted against actual class",
            data={
                "actual": [a for a, _, _ in counted],
                "predicted": [p for _, p, _ in counted],
                "count": [n for _, _, n in counted],
            },
        )
    shown = np.unique(np.linspace(0, len(actual) - 1, min(MAX_POINTS, len(actual))).round().astype(int))
    data: dict[str, list[Scalar]] = {
        "actual": [float(value) for value in actual[shown]],
        "predicted": [float(value) for value in predicted.values[shown]],
    }
    if time:
        data["at"] = [cast("Scalar", str(value)) for value in holdout[time].iloc[shown]]
    return Figure(id="fit", kind="fit", title=f"{objective.target}: predicted against actual", data=data)
