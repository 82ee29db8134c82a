"""Finding engines by name, lazily: the only way from the road to a vendor.

An engine is a module that fulfils a Protocol of ``foundation``. Ours stand in the table below; another package offers
its own through the entry point group ``pavedroad.engines`` under the name ``<kind>.<name>``.
"""

import importlib
import importlib.util
from types import ModuleType

from pavedroad.config import nearest
from pavedroad.errors import ConfigError, MissingExtraError

ENGINES: dict[str, dict[str, str]] = {
    "validation": {
        "duckdb": "pavedroad.engines.duckdb.validation",
        "gx": "pavedroad.engines.gx.validation",
        "gx-postgres": "pavedroad.engines.gx.postgres",
        "gx-spark": "pavedroad.engines.gx.spark",
    },
    "outline": {"duckdb": "pavedroad.engines.duckdb.outline"},
    "drift": {"two-sample": "pavedroad.engines.two_sample", "evidently": "pavedroad.engines.evidently.columns"},
    "drift-rows": {"evidently": "pavedroad.engines.evidently.rows"},
    "drift-page": {"evidently": "pavedroad.engines.evidently.page"},
    "sketch": {"duckdb": "pavedroad.engines.duckdb.sketch", "spark": "pavedroad.engines.spark.sketch"},
    "model": {"skops": "pavedroad.engines.skops.model"},
    "signature": {"model-signing": "pavedroad.engines.model_signing"},
    "export": {"onnx": "pavedroad.engines.onnx"},
    "tracking": {"files": "pavedroad.engines.no_server", "mlflow": "pavedroad.engines.mlflow"},
    "model-facts": {"skops": "pavedroad.engines.skops.facts"},
    "metrics": {"sklearn": "pavedroad.engines.sklearn.metrics"},
    "baseline": {"sklearn": "pavedroad.engines.sklearn.linear"},
    "features": {"hamilton": "pavedroad.engines.hamilton"},
    "frames": {"polars": "pavedroad.engines.polars"},
    "rules": {"duckdb": "pavedroad.engines.duckdb.rule"},
    "tables": {"arrow": "pavedroad.engines.arrow.reading"},
    "schema": {"arrow": "pavedroad.engines.arrow.schema"},
    "pipeline": {"dvc": "pavedroad.engines.dvc.pipeline"},
    "keeper": {"dvc": "pavedroad.engines.dvc.objects"},
    "history": {"git": "pavedroad.engines.git.history"},
    "checkouts": {"git": "pavedroad.engines.git.checkouts"},
    "copies": {"dvc": "pavedroad.engines.dvc.copies"},
    "branches": {"git": "pavedroad.engines.git.branches"},
    "host": {"github": "pavedroad.engines.github.actions"},
    "pictures": {"vegalite": "pavedroad.engines.vegalite"},
    "template": {"cookiecutter": "pavedroad.engines.cookiecutter"},
}

_EXTRAS = {
    "cookiecutter": "template",
    "duckdb": "duckdb",
    "dvc": "dvc",
    "evidently": "evidently",
    "great_expectations": "gx",
    "grpc": "spark",
    "grpc_status": "spark",
    "mlflow": "mlflow",
    "model_signing": "signing",
    "numpy": "table",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "hamilton": "hamilton",
    "polars": "polars",
    "pandas": "table",
    "psycopg": "postgres",
    "pyarrow": "table",
    "pyspark": "spark",
    "scipy": "stats",
    "sklearn": "sklearn",
    "skl2onnx": "onnx",
    "skops": "sklearn",
    "sqlalchemy": "postgres",
    "vl_convert": "pictures",
    "zstandard": "spark",
}
"""Which extra brings a vendor's module."""


def load_engine(kind: str, name: str) -> ModuleType:
    """Import the engine called ``name`` for a ``kind`` of work.

    Raises:
        ConfigError: no such engine; the error names the nearest one.
        MissingExtraError: the engine's vendor is not installed; the error names the extra that brings it.
    """
    known = ENGINES[kind]
    target = known.get(name)
    if target is None:
        from importlib.metadata import entry_points  # slow to import, and seldom needed

        offered = {point.name: point for point in entry_points(group="pavedroad.engines")}
        point = offered.get(f"{kind}.{name}")
        if point is None:
            names = [*known, *(key.removeprefix(f"{kind}.") for key in offered if key.startswith(f"{kind}."))]
            raise ConfigError(f"There is no {kind} engine called {name!r}.", next_step=nearest(name, names))
        target = point.module
    try:
        return importlib.import_module(target)
    except ModuleNotFoundError as error:
        vendor = (error.name or "").partition(".")[0]
        if vendor in _EXTRAS:
            raise MissingExtraError(vendor, _EXTRAS[vendor]) from error
        if name not in known:
            raise ConfigError(f"The {kind} engine {name!r} needs {error.name!r}, which is not installed.") from error
        raise
