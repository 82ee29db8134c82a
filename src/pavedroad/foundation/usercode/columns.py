"""Features as a module of functions, one a column: made, checked and drawn by an engine."""

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import HAMILTON, call, load_module
from pavedroad.report import Check, Figure, Scalar, Severity, judge

if TYPE_CHECKING:
    import pandas as pd

_MOST = 200


@dataclass(frozen=True)
class ColumnCheck:
    """What a module says of one of its columns, and whether it held."""

    column: str
    rule: str
    ok: bool
    message: str
    critical: bool


@dataclass(frozen=True)
class Graph:
    """Each column with those it is made of, and which of them are the table's own."""

    needs: dict[str, list[str]]
    inputs: list[str]


class ColumnEngine(Protocol):
    """An engine that runs such modules."""

    def make_columns(self, module: ModuleType, table: "pd.DataFrame") -> "pd.DataFrame":
        """The features of a table."""
        ...

    def check_columns(self, module: ModuleType, table: "pd.DataFrame") -> list[ColumnCheck]:
        """What the module promises of its columns, judged on a table."""
        ...

    def draw_columns(self, module: ModuleType) -> Graph:
        """What is made of what."""
        ...


def check_features(project: Project, table: "pd.DataFrame") -> tuple[list[Check], list[Figure]]:
    """The checks of a module of column functions and the picture of its graph; nothing for a plain function.

    Raises:
        UserCodeError: a function of the module failed.
    """
    path = project.config.model.features
    if not path.startswith(HAMILTON):
        return [], []
    module = load_module(project, path.removeprefix(HAMILTON))
    engine = cast("ColumnEngine", load_engine("features", "hamilton"))
    given = table.drop(columns=[project.config.objective.target], errors="ignore")
    found: list[ColumnCheck] = call(project, path, engine.check_columns, module, given)
    checks = [
        judge(
            f"train.features.{item.column}.{item.rule}",
            f"The feature {item.column} keeps its rule {item.rule}",
            ok=item.ok,
            severity=Severity.CRITICAL if item.critical else Severity.WARNING,
            reason="" if item.ok else item.message,
        )
        for item in found
    ]
    return checks, [_draw(engine.draw_columns(module))]


def _draw(graph: Graph) -> Figure:
    data: dict[str, list[Scalar]] = {"step": [], "kind": [], "needs": []}
    for name, needs in list(graph.needs.items())[:_MOST]:
        data["step"].append(name)
        data["kind"].append("source" if name in graph.inputs else "feature")
        data["needs"].append("\n".join(needs))
    return Figure(id="features", kind="graph", title="What each feature is made of", data=data)
