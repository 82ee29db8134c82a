"""The bill of materials of a package, as CycloneDX 1.6 JSON: the model, its data and every package it needs.

Written by hand because the format is plain JSON and the model card in it (``modelCard``) is known to no library's
classes; the tests hold the result to the specification's own schema. Nothing in it says when or where it was made, so
the same package has the same bill.

Source: CycloneDX 1.6, ECMA-424 1st edition (2024), https://cyclonedx.org/docs/1.6/json/.
"""

import uuid
from typing import Any

from pavedroad.foundation.package.facts import Facts, Measure

BOM = "bom.json"
_NAMESPACE = uuid.UUID("b2ff9e3c-4a55-5f0d-9d0e-3e9a0a1d6c4b")
_MODEL = "model"


def make_bom(facts: Facts) -> dict[str, Any]:
    """List what a package is made of."""
    data: list[dict[str, Any]] = [
        {
            "type": "data",
            "bom-ref": f"data:{number}",
            "name": source.path,
            "hashes": [{"alg": "SHA-256", "content": source.sha256}],
            "data": [{"type": "dataset", "name": source.path}],
        }
        for number, source in enumerate(facts.sources, start=1)
    ]
    libraries: list[dict[str, Any]] = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            **({"licenses": [{"expression": facts.licences[name]}]} if facts.licences.get(name) else {}),
        }
        for name, version in facts.environment.items()
    ]
    references = [component["bom-ref"] for component in (*data, *libraries)]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, facts.model + facts.code)}",
        "version": 1,
        "metadata": {"component": _describe_model(facts, [part["bom-ref"] for part in data])},
        "components": [*data, *libraries],
        "dependencies": [{"ref": _MODEL, "dependsOn": references}, *({"ref": name} for name in references)],
    }


def _describe_model(facts: Facts, data: list[Any]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": facts.name,
        "version": facts.model[:12],
        "description": facts.statement,
        "authors": [{"name": facts.owner}],
        "hashes": [{"alg": "SHA-256", "content": facts.model}],
        "modelCard": {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": "regression" if facts.problem == "regression" else "classification",
                "modelArchitecture": facts.estimator,
                "datasets": [{"ref": reference} for reference in data],
                "inputs": [{"format": "table"}],
                "outputs": [{"format": "number" if facts.problem == "regression" else "class"}],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [_describe_measure(measure) for measure in (*facts.measures, *facts.slices)]
            },
            "considerations": {
                "useCases": [facts.statement or f"Predicting {facts.target}."],
                "technicalLimitations": [
                    f"Measured on {facts.rows} held-out rows; data unlike them is extrapolation.",
                    *facts.warnings,
                ],
            },
        },
    }


def _describe_measure(measure: Measure) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": measure.title,
        "value": f"{measure.value:.12g}",
        "confidenceInterval": {"lowerBound": f"{measure.low:.12g}", "upperBound": f"{measure.high:.12g}"},
    }
    return described | ({"slice": f"{measure.column} = {measure.group}"} if measure.column else {})
