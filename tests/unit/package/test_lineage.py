"""Lineage: what a model was made of, walked back through the pipeline's lock."""

import pytest

from pavedroad.errors import EvidenceError
from pavedroad.foundation.package.lineage import Node, draw, trace
from pavedroad.foundation.pipeline import LockedStage


def stage(name, inputs, outputs):
    return LockedStage(name=name, inputs=inputs, outputs=outputs)


def lock(**changes):
    stages = {
        "validate": stage("validate", {"data.csv": "d1"}, {"reports/validated.json": "v1"}),
        "drift": stage("drift", {"data.csv": "d1", "reports/validated.json": "v1"}, {"reports/drift.json": "r1"}),
        "train": stage("train", {"data.csv": "d1", "reports/validated.json": "v1", "src/shop": "c1"}, {"model": "m1"}),
        "package": stage("package", {"model": "m1"}, {"package": "p1"}),
    }
    return {**stages, **changes}


def test_a_model_is_traced_to_all_it_was_made_of_and_to_nothing_else():
    found = trace(lock(), "model")
    assert [step.stage for step in found.steps] == ["validate", "train"]
    assert {node.path for step in found.steps for node in step.inputs} == {
        "data.csv",
        "reports/validated.json",
        "src/shop",
    }
    assert {node.path: node.digest for node in found.steps[-1].outputs} == {"model": "m1"}


def test_what_no_stage_made_has_no_lineage():
    with pytest.raises(EvidenceError, match="does not know what 'model' was made of"):
        trace({}, "model")


@pytest.mark.parametrize(
    "changed",
    [
        {"validate": stage("validate", {"data.csv": "d2"}, {"reports/validated.json": "v2"})},
        {"train": stage("train", {"data.csv": "d1", "reports/validated.json": "v0"}, {"model": "m1"})},
    ],
    ids=["the step before was made again", "the step itself is behind"],
)
def test_a_step_made_of_something_that_has_changed_is_refused(changed):
    with pytest.raises(EvidenceError, match="'train' was made of another 'reports/validated"):
        trace(lock(**changed), "model")


def test_a_change_beside_the_road_does_not_matter():
    beside = {"drift": stage("drift", {"reports/validated.json": "v0"}, {"reports/drift.json": "r1"})}
    assert trace(lock(**beside), "model")


def test_a_circle_comes_to_an_end():
    circle = {"a": stage("a", {"y": "1"}, {"x": "1"}), "b": stage("b", {"x": "1"}, {"y": "1"})}
    assert [step.stage for step in trace(circle, "x").steps] == ["a", "b"]


def test_the_picture_shows_every_source_and_every_product_once():
    figure = draw(trace(lock(), "model"), Node("package", "p" * 32))
    shown = dict(zip(figure.data["step"], figure.data["kind"], strict=True))
    assert shown == {
        "data.csv": "source",
        "src/shop": "source",
        "reports/validated.json": "validate",
        "model": "train",
        "package": "package",
    }
    assert figure.data["digest"][-1] == "p" * 12
    assert figure.kind == "flow"
