"""Whether a model that was read stays inside its own arrays.

Trees of scikit-learn keep child and column numbers that its compiled code follows without looking: a number that points
outside lets a file of trusted *types* crash the process, or read memory that is not its own, at the first prediction.
skops therefore does not trust these types at all. We do, after having looked at every number.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import BaseEnsemble
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

_LEAF = -1
_SAME_COLUMNS = ("sklearn.ensemble._forest", "sklearn.ensemble._gb")
"""Ensembles that check the columns of a table once and hand it to every tree as it is."""


def refuse_unsound(model: object) -> None:
    """Refuse a model with a tree that points outside itself or outside the table it is asked about.

    Raises:
        ValueError: which kind of tree, and what is wrong with it.
    """
    for part in _walk(model):
        if isinstance(part, BaseDecisionTree):
            _check_tree(part)
        elif isinstance(part, BaseEnsemble) and type(part).__module__ in _SAME_COLUMNS:
            _check_columns(part)
        elif isinstance(part, KDTree | BallTree):
            _check_neighbours(part)
        elif type(part).__module__.startswith("sklearn.ensemble._hist_gradient_boosting"):
            _check_boosted(part)


def _walk(model: object) -> Iterator[Any]:
    """Every object that a model holds, itself included, once."""
    seen: set[int] = set()
    rest: list[Any] = [model]
    while rest:
        part = rest.pop()
        if id(part) in seen or isinstance(part, str | bytes | int | float | type | None):
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            rest += part.values()
        elif isinstance(part, list | tuple | set):
            rest += part
        elif isinstance(part, np.ndarray):
            if part.dtype.hasobject:
                rest += part.ravel().tolist()
        else:
            yield part
            rest += getattr(part, "__dict__", {}).values()


def _check_tree(owner: BaseDecisionTree) -> None:
    tree = getattr(owner, "tree_", None)
    if tree is None:
        return
    if not isinstance(tree, Tree):
        raise TypeError("a decision tree holds something that is no tree")
    _require_forward(tree.children_left, tree.children_right, tree.children_left == _LEAF, "a decision tree")
    if (tree.children_right[tree.children_left == _LEAF] != _LEAF).any():
        raise ValueError("a leaf of a decision tree has a child")
    _require_columns(tree.feature[tree.children_left != _LEAF], owner.n_features_in_, "a decision tree")


def _check_columns(ensemble: Any) -> None:  # noqa: ANN401
    members = np.asarray(getattr(ensemble, "estimators_", []), dtype=object).ravel().tolist()
    if any(getattr(member, "n_features_in_", None) != ensemble.n_features_in_ for member in members):
        raise ValueError("the trees of an ensemble expect other columns than the ensemble")


def _check_boosted(part: Any) -> None:  # noqa: ANN401
    for stage in getattr(part, "_predictors", []):
        for predictor in stage:
            if not isinstance(predictor, TreePredictor):
                raise TypeError("a boosted model holds something that is no tree")
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            _require_forward(nodes["left"].astype("int64"), nodes["right"].astype("int64"), leaf, "a boosted tree")
            _require_columns(nodes["feature_idx"][~leaf].astype("int64"), part.n_features_in_, "a boosted tree")
            sets = nodes["bitset_idx"][~leaf & nodes["is_categorical"].astype(bool)].astype("int64")
            for bitsets in (predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets):
                if bitsets.ndim != 2 or bitsets.shape[1] != 8 or (sets >= len(bitsets)).any():
                    raise ValueError("a boosted tree names categories that it does not hold")


def _check_neighbours(tree: Any) -> None:  # noqa: ANN401
    data, order, nodes = (np.asarray(part) for part in tree.get_arrays()[:3])
    rows, count = len(data), len(nodes)
    starts, ends, leaf = nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"].astype(bool)
    children = 2 * np.arange(count) + 2
    sound = (
        len(order) == rows
        and ((order >= 0) & (order < rows)).all()
        and ((starts >= 0) & (starts <= ends) & (ends <= rows)).all()
        and (children[~leaf] < count).all()
    )
    if not sound:
        raise ValueError("a tree of neighbours points outside its rows")


def _require_forward(left: np.ndarray, right: np.ndarray, leaf: np.ndarray, kind: str) -> None:
    """Every child comes after its parent and exists, so that following them ends."""
    count = len(left)
    here = np.arange(count)[~leaf]
    for children in (left[~leaf], right[~leaf]):
        if ((children <= here) | (children >= count)).any():
            raise ValueError(f"{kind} has a branch that leads outside it or back")
    if count == 0:
        raise ValueError(f"{kind} has no node")


def _require_columns(columns: np.ndarray, known: int, kind: str) -> None:
    if ((columns < 0) | (columns >= known)).any():
        raise ValueError(f"{kind} asks for a column that the table does not have")
