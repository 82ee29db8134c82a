"""Where a model comes from: data → features → model → reports, by content, as the pipeline's lock knows it."""

from typing import Literal

import msgspec

from pavedroad.errors import EvidenceError
from pavedroad.foundation.pipeline import LockedStage
from pavedroad.report import Figure


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file or folder that went in or came out, named by its content (MD5, as the lock holds it)."""

    path: str
    digest: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage: what it read and what it wrote."""

    stage: str
    inputs: list[Node]
    outputs: list[Node]


class Lineage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps that lead to a model, in the order they ran."""

    schema: Literal["pavedroad.lineage/1"]
    steps: list[Step]


def trace(lock: dict[str, LockedStage], output: str) -> Lineage:
    """Walk back from ``output`` to everything it was made of.

    Raises:
        EvidenceError: no stage of the lock made it, or a step was made of something that has changed since.
    """
    maker = {path: stage for stage in lock.values() for path in stage.outputs}
    if output not in maker:
        raise EvidenceError(
            f"The lock does not know what {output!r} was made of.",
            where="dvc.lock",
            next_step="Run the pipeline first: pavedroad check.",
        )
    wanted: list[LockedStage] = []
    open_ends = [output]
    while open_ends:
        stage = maker.get(open_ends.pop())
        if stage is None or stage in wanted:
            continue
        wanted.append(stage)
        open_ends += list(stage.inputs)
        for path, digest in stage.inputs.items():
            made = maker.get(path)
            if made is not None and made.outputs[path] != digest:
                raise EvidenceError(
                    f"{stage.name!r} was made of another {path!r} than the lock holds now.",
                    where="dvc.lock",
                    next_step="Bring the pipeline up to date: pavedroad check.",
                )
    order = list(lock)
    return Lineage(
        schema="pavedroad.lineage/1",
        steps=[
            Step(
                stage=stage.name,
                inputs=[Node(path, digest) for path, digest in stage.inputs.items()],
                outputs=[Node(path, digest) for path, digest in stage.outputs.items()],
            )
            for stage in sorted(wanted, key=lambda item: order.index(item.name))
        ],
    )


def draw(lineage: Lineage, product: Node) -> Figure:
    """The lineage as a ``flow`` figure: every source, every stage's product, then what they led to; digests short."""
    produced = {node.path for step in lineage.steps for node in step.outputs}
    sources = [node for step in lineage.steps for node in step.inputs if node.path not in produced]
    shown = {node.path: (node, "source") for node in sources}
    shown |= {node.path: (node, step.stage) for step in lineage.steps for node in step.outputs}
    shown[product.path] = (product, product.path)
    return Figure(
        id="lineage",
        kind="flow",
        title="Where this model comes from",
        data={
            "step": [node.path for node, _ in shown.values()],
            "kind": [kind for _, kind in shown.values()],
            "digest": [node.digest[:12] for node, _ in shown.values()],
        },
    )
