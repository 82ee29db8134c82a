"""A small repo of two tables and settings, for the drift stage."""

import pandas as pd
import pytest
from drift_repo import CONFIG

from pavedroad.config import parse_config
from pavedroad.foundation.drift.reference import REFERENCE, hold_frame, measure, write_reference
from pavedroad.foundation.project import Project


@pytest.fixture
def project(tmp_path):
    """``project(train, current, data=…, drift=…)`` makes a repo of tables and settings."""

    def make(train, current=None, data="", drift="", profile=None):
        train.to_parquet(tmp_path / "train.parquet")
        if current is not None:
            data += '\ncurrent = "current.parquet"'
            if isinstance(current, pd.DataFrame):
                current.to_parquet(tmp_path / "current.parquet")
            else:
                (tmp_path / "current.parquet").write_bytes(current)
        (tmp_path / "pavedroad.toml").write_text(CONFIG.format(data=data, drift=drift))
        (tmp_path / "model").mkdir(exist_ok=True)
        if profile is not None:
            write_reference(tmp_path / "model" / REFERENCE, measure(hold_frame(profile), "training rows, kept"))
        return Project(root=tmp_path, config=parse_config(CONFIG.format(data=data, drift=drift)))

    return make
