"""MLflow behind ``foundation.tracking``: runs as its own, on a server or in a database that it reads."""

import os
from datetime import datetime
from typing import Any

# Before the import, which reads some of them. Nobody waits two minutes for a server that is down, and nobody is told
# that we exist.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pavedroad.errors import TrackingError
from pavedroad.foundation.tracking import TrackedRun
from pavedroad.settings import Tracking

_NAMED, _REFUSED = "pavedroad.package", "pavedroad.refused"
_UNREACHABLE = "Max retries exceeded"
_LATE = "timed out"
"""What the library that talks to the server says, among much else, when there is none, and when it is slow."""
_LONGEST = 500
"""Characters of a parameter at most; MLflow keeps no more."""


def send(run: TrackedRun, settings: Tracking) -> str | None:
    """Make a run at MLflow, or find the one that was made before for the same package, or the same refusal.

    Raises:
        TrackingError: the server is down, or refused.
    """
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = str(settings.timeout)
    try:
        client = MlflowClient(tracking_uri=settings.uri)
        experiment = client.get_experiment_by_name(settings.experiment)
        place = client.create_experiment(settings.experiment) if experiment is None else experiment.experiment_id
        tag, name, status = _name(run)
        known = client.search_runs([place], f"tags.`{tag}` = '{name}' and attributes.status = '{status}'")
        return str(known[0].info.run_id) if known else _make(client, place, run)
    except (MlflowException, OSError) as error:
        reason = " ".join(str(error).split())
        if _UNREACHABLE in reason:
            late = _LATE in reason
            reason = f"no answer came within {settings.timeout} seconds" if late else "nobody answers there"
        raise TrackingError(
            f"MLflow at {settings.uri} did not take the run: {reason[:200].rstrip('.')}.",
            next_step="The run is kept; when the server is back, run: pavedroad runs send.",
        ) from error


def _name(run: TrackedRun) -> tuple[str, str, str]:
    """By which tag a run is known, the tag's value, and how the run ended in MLflow's words."""
    return (_REFUSED, run.id, "FAILED") if run.refused else (_NAMED, run.package, "FINISHED")


def _make(client: MlflowClient, experiment: str, run: TrackedRun) -> str:
    begun = round(datetime.fromisoformat(run.started).timestamp() * 1000)
    made: Any = client.create_run(experiment, start_time=begun, run_name=f"{run.name} {run.id}")
    name = str(made.info.run_id)
    tag, known_as, status = _name(run)
    tags = {
        tag: known_as,
        "pavedroad.refused.reason": run.refused,
        "pavedroad.model": run.model,
        "pavedroad.code": run.code,
        "pavedroad.estimator": run.estimator,
        "pavedroad.claimed": "; ".join(f"{name} = {value:.6g}" for name, value in run.claimed.items()),
        "mlflow.source.git.commit": run.commit or "",
        **{f"pavedroad.data.{number}": f"{path} {digest}" for number, (path, digest) in enumerate(run.data.items(), 1)},
    }
    limits = ("value", "low", "high")
    client.log_batch(
        name,
        metrics=[
            Metric(
                measure.id if limit == "value" else f"{measure.id}.{limit}",
                getattr(measure, limit),
                begun,
                0,
            )
            for measure in run.measures
            for limit in limits
        ],
        params=[Param(key, str(value)[:_LONGEST]) for key, value in run.parameters.items()],
        tags=[RunTag(key, value[:_LONGEST]) for key, value in tags.items() if value],
    )
    # Only a run that has all of it counts as one that is known.
    client.set_terminated(name, status=status, end_time=begun + round(run.duration_s * 1000))
    return name
