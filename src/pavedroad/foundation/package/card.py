"""The model card: what the model is for, how good it is, on what, where it ends, and how to make it again.

Its sections follow Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019); every number in it comes from the
evidence, none is written by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pavedroad.foundation.package.answers import FORMAT
from pavedroad.foundation.package.facts import Facts, Measure
from pavedroad.foundation.package.model import InputColumn, Signature
from pavedroad.settings import CardField

MOST_ROWS = 200
"""Rows of one table that a card lists."""
MOST_ITEMS = 8

_PROBLEMS = {"regression": "a number", "binary": "one of two classes", "multiclass": "one of several classes"}


@dataclass(frozen=True)
class Table:
    """Rows of text under a head."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """One part of a card: sentences, then points, then a table, then lines of code."""

    title: str
    sentences: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    table: Table | None = None
    code: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Card:
    """A model card as plain text; ``card_pages`` writes it as Markdown and as a page."""

    title: str
    lead: str
    sections: list[Section]


def make_card(facts: Facts, signature: Signature) -> Card:
    """Tell what a package holds, for people."""
    sections = [
        _tell_waivers(facts),
        _tell_use(facts),
        _tell_measures(facts),
        _tell_claims(facts),
        _tell_slices(facts),
        _tell_data(facts),
        _tell_inputs(signature),
        _tell_limits(facts, signature),
        _tell_harm(facts),
        _tell_licences(facts),
        _tell_making(facts),
    ]
    return Card(
        title=f"Model card: {facts.name}",
        lead=facts.statement,
        sections=[section for section in sections if section is not None],
    )


def list_fields(facts: Facts, signature: Signature) -> dict[CardField, str]:
    """What a card says under each of its fields, in a few words; empty where it says nothing."""
    words = facts.words
    return {
        "intended_use": facts.statement.strip(),
        "owner": facts.owner.strip(),
        "metrics": _count(len(facts.measures), "measures"),
        "slices": _count(len(facts.slices), "groups"),
        "data": _count(len(facts.sources), "sources"),
        "inputs": _count(len(signature.inputs), "columns"),
        "limits": _count(len(_tell_limits(facts, signature).points), "points"),
        "out_of_scope": words.out_of_scope.strip(),
        "ethics": words.ethics.strip(),
        "caveats": words.caveats.strip(),
        "contact": words.contact.strip(),
        "licence": words.licence.strip(),
    }


def _tell_waivers(facts: Facts) -> Section | None:
    if not facts.waivers:
        return None
    return Section(
        "Waivers",
        [
            "When this package was made, its policy held these waivers.",
            "Until its last day each lets the model go on although that check says no.",
            "The gate's report says which of them were used.",
        ],
        table=Table(
            ("Check", "Until", "By", "Reason"),
            [(waiver.check, waiver.until, waiver.by, waiver.reason) for waiver in facts.waivers],
        ),
    )


def _tell_use(facts: Facts) -> Section:
    outside = facts.words.out_of_scope.strip()
    return Section(
        "Intended use",
        [
            facts.statement,
            f"The model predicts {facts.target}, {_PROBLEMS.get(facts.problem, facts.problem)}, one prediction a row.",
            f"It is not for: {outside}" if outside else "Any other use is outside of what was tested.",
        ],
        table=Table(
            ("What", "Which"),
            [
                ("Owner", facts.owner),
                *([("Contact", facts.words.contact)] if facts.words.contact.strip() else []),
                ("Kind of model", facts.estimator),
                ("Format", facts.format),
                ("Size", f"{facts.bytes / 1e6:,.2f} MB"),
                ("Key metric", f"{facts.metric} ({facts.better} is better)"),
            ],
        ),
    )


def _tell_measures(facts: Facts) -> Section:
    return Section(
        "How good it is",
        [
            (
                f"Measured by the road on {facts.rows:,} rows that training never saw"
                f"{f' ({facts.held_out})' if facts.held_out else ''}, with {facts.confidence:.0%} confidence limits "
                "from bootstrap resampling."
            )
        ],
        table=Table(("Measure", "Value", "From", "To"), [_tell_measure(measure) for measure in facts.measures]),
    )


def _tell_claims(facts: Facts) -> Section | None:
    if not facts.claimed:
        return None
    return Section(
        "What the script says of itself",
        ["The training script wrote these figures. They are its own claim: the road did not measure them."],
        table=Table(("Name", "Value"), [(name, f"{value:.6g}") for name, value in facts.claimed.items()]),
    )


def _tell_slices(facts: Facts) -> Section | None:
    if not facts.slices:
        return None
    rows = [
        (measure.column, measure.group, _tell_rows(measure), *_tell_measure(measure)[1:])
        for measure in facts.slices[:MOST_ROWS]
    ]
    more = len(facts.slices) - MOST_ROWS
    return Section(
        "How good it is for each group",
        [
            "Small groups have wide limits: what looks worse there may be chance."
            + (f" The first {MOST_ROWS:,} of {len(facts.slices):,} groups are listed." if more > 0 else "")
        ],
        table=Table(("Column", "Group", "Rows", "Value", "From", "To"), rows),
    )


def _tell_data(facts: Facts) -> Section:
    rows = [(source.path, "" if source.rows is None else f"{source.rows:,}", source.sha256) for source in facts.sources]
    return Section("Data", ["What the model was made of, by content."], table=Table(("Table", "Rows", "SHA-256"), rows))


def _tell_inputs(signature: Signature) -> Section:
    shown = signature.inputs[:MOST_ROWS]
    left_out = len(signature.inputs) - len(shown)
    return Section(
        "What goes in",
        [
            (
                f"A table with {len(signature.inputs):,} columns; "
                + (
                    f"the repo's own features function makes {len(signature.features):,} features of them."
                    if signature.features
                    else "the repo's own script reads them."
                )
            ),
            *([f"{left_out:,} columns are left out here; the signature lists them all."] if left_out else []),
        ],
        table=Table(
            ("Column", "Kind", "Type", "May be empty", "Seen in training"),
            [
                (column.name, column.kind, column.dtype, "yes" if column.nullable else "no", _tell_range(column))
                for column in shown
            ],
        ),
    )


def _tell_limits(facts: Facts, signature: Signature) -> Section:
    points = [
        *(
            [f"There is no model here: these are predictions for the {facts.rows:,} held-out rows, and for no other."]
            if facts.format == FORMAT
            else []
        ),
        "Values outside of what training saw, listed above, are extrapolation: nothing here says how good it is there.",
        f"The limits hold for data like the {facts.rows:,} held-out rows; drift checks say when data stops being so.",
    ]
    if signature.labels:
        named = ", ".join(str(label) for label in signature.labels[:MOST_ITEMS])
        more = " and others" if len(signature.labels) > MOST_ITEMS else ""
        points.append(f"It knows the classes {named}{more}, and no other.")
    whole = [column.name for column in signature.inputs if not column.nullable]
    if whole:
        points.append(f"It never saw an empty cell in {len(whole):,} of its {len(signature.inputs):,} columns.")
    if not facts.slices:
        points.append("It was not measured for groups of rows apart.")
    points += [f"A check warned: {warning}" for warning in facts.warnings[:MOST_ROWS]]
    return Section("Limits", [facts.words.caveats] if facts.words.caveats.strip() else [], points=points)


def _tell_harm(facts: Facts) -> Section | None:
    return Section("Whom it may harm", [facts.words.ethics]) if facts.words.ethics.strip() else None


def _tell_licences(facts: Facts) -> Section | None:
    if not facts.licences and not facts.words.licence.strip():
        return None
    by_licence: dict[str, list[str]] = {}
    for name in facts.environment:
        by_licence.setdefault(facts.licences.get(name) or "not told by its metadata", []).append(name)
    return Section(
        "Licences",
        [f"The model itself: {facts.words.licence}"] if facts.words.licence.strip() else [],
        table=Table(("Licence", "Packages"), [(name, ", ".join(users)) for name, users in sorted(by_licence.items())])
        if by_licence
        else None,
    )


def _tell_making(facts: Facts) -> Section:
    parameters = ", ".join(f"{name} = {value}" for name, value in facts.parameters.items())
    return Section(
        "How to make it again",
        [
            (
                "In the repo that it comes from, this command finds the commit, makes the package again in a folder of "
                "its own and compares every file:"
            )
        ],
        code=["pavedroad reproduce package"],
        points=[
            f"Code: SHA-256 {facts.code}",
            f"{'File of the predictions' if facts.format == FORMAT else 'Model file'}: SHA-256 {facts.model}",
            *([f"Parameters: {parameters}"] if parameters else []),
            "Packages: " + ", ".join(f"{name} {version}" for name, version in facts.environment.items()),
        ],
    )


def _tell_measure(measure: Measure) -> tuple[str, str, str, str]:
    return (
        measure.title,
        *(f"{number:.6g}" for number in (measure.value, measure.low, measure.high)),
    )  # type: ignore[return-value]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number else ""


def _tell_rows(measure: Measure) -> str:
    return "" if measure.rows is None else f"{measure.rows:,}"


def _tell_range(column: InputColumn) -> str:
    if column.low is not None and column.high is not None:
        return f"{column.low:.6g} to {column.high:.6g}"
    if column.earliest and column.latest:
        return f"{column.earliest} to {column.latest}" + (f" ({column.timezone})" if column.timezone else "")
    if column.categories:
        more = len(column.categories) - MOST_ITEMS
        return ", ".join(column.categories[:MOST_ITEMS]) + (f" and {more:,} more" if more > 0 else "")
    return ""
