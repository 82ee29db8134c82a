"""Score: a package predicts rows it is given, with its own repo's code, in a process of its own.

``python -m pavedroad.stages.score <table> <answer>`` in the folder of that repo. Two versions of a repo's functions
cannot live in one process, because both bear the same names.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pavedroad.errors import JudgementError, PavedroadError
from pavedroad.foundation.data.tables import read_table
from pavedroad.foundation.evaluation.metrics import Predictions, find_metric
from pavedroad.foundation.package.answers import ANSWERS, read_answers, recall
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.inputs import require_inputs
from pavedroad.foundation.package.model import predict
from pavedroad.foundation.project import Project, find_project
from pavedroad.foundation.usercode.command import Command
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.report import decode, encode, write_whole

if TYPE_CHECKING:
    import pandas as pd


def score(project: Project, table: "pd.DataFrame") -> Predictions:
    """What the package in a repo says about rows, with the features that this repo's code makes.

    Raises:
        PackageError: the package is damaged, or holds predictions for other rows.
        DataError: a column that the model's signature names is missing or of another kind.
        UserCodeError: the features or the model failed.
    """
    package = open_package(project.package)
    if ANSWERS in package.manifest.files:
        return recall(read_answers(package.folder / ANSWERS), table, project.config.objective.target)
    signature = package.signature
    require_inputs(signature, table)
    needs = find_metric(project.config.objective.metric, project.config.objective.problem).needs
    features = make_features(project, table, signature.features)
    settings = project.config.model
    return predict(package.load_model(settings.trusted), features, signature, needs, seconds=settings.timeout)


def score_apart(root: Path, table: Path, answer: Path) -> Predictions:
    """The same in another repo's folder, in a process of its own.

    Raises:
        JudgementError: that process failed; the error says what it said last.
    """
    import numpy as np

    words = [sys.executable, "-m", "pavedroad.stages.score", str(table), str(answer)]
    code, lines = Command(words, root).finish()
    if code != 0 or not answer.is_file():
        said = next((line.strip() for line in reversed(lines) if line.strip()), "It said nothing.")
        raise JudgementError(f"The champion could not be scored with its own code: {said[:400]}")
    found = decode(answer.read_bytes())
    chances = found["probabilities"]
    return Predictions(
        values=np.asarray(found["values"]),
        probabilities=None if chances is None else np.asarray(chances, dtype="float64"),
        labels=tuple(found["labels"]),
    )


def main() -> int:
    """Read the table, predict, write the answer."""
    table, answer = map(Path, sys.argv[1:3])
    try:
        found = score(find_project(Path.cwd()), read_table(table))
    except PavedroadError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent reads it
        return int(error.exit_code)
    chances = None if found.probabilities is None else found.probabilities.tolist()
    plain = {"values": found.values.tolist(), "probabilities": chances, "labels": list(found.labels)}
    write_whole(answer, encode(plain))
    return 0


if __name__ == "__main__":
    sys.exit(main())
