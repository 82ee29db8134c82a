"""A whole small repo, whose functions, settings and table a test may choose."""

import json
import sys

import pytest
from shop_repo import CONFIG, FEATURES, LINEAR, METRIC, TWO_FUNCTIONS, make_table

from pavedroad.foundation.data.tables import name_input
from pavedroad.foundation.project import find_project


@pytest.fixture
def repo(world, monkeypatch):
    """A repo whose table has passed validation; what is written into it can be changed by keyword."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "t_shop"]:
            del sys.modules[name]

    def make(
        features=FEATURES,
        model=LINEAR,
        problem="regression",
        objective="",
        data="",
        settings=TWO_FUNCTIONS,
        table=None,
        **files,
    ):
        forget()
        metric = METRIC[problem]
        root = world(
            {
                "data.csv": (make_table(problem) if table is None else table).to_csv(index=False),
                "pavedroad.toml": CONFIG.format(
                    problem=problem, metric=metric, objective=objective, data=data, model=settings
                ),
                "src/t_shop/__init__.py": "",
                "src/t_shop/features.py": features,
                "src/t_shop/model.py": model,
                **files,
            }
        )
        project = find_project(root)
        named = name_input(project, "data.csv")
        project.reports.mkdir(exist_ok=True)
        receipt = {"path": named.path, "sha256": named.sha256}
        (project.reports / "validated.json").write_text(json.dumps(receipt))
        return project

    yield make
    forget()
