"""No tracker at all behind ``foundation.tracking``: the files next to git are all there is."""

from pavedroad.foundation.tracking import TrackedRun
from pavedroad.settings import Tracking


def send(run: TrackedRun, settings: Tracking) -> str | None:  # noqa: ARG001 - the protocol's
    """Tell nobody."""
    return None
