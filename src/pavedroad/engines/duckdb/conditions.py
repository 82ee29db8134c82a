"""Values and row conditions of a suite as SQL: Great Expectations' own conditions, and pandas' queries where plain.

A condition is written so that it is true or false and never unknown, as it is in pandas: a missing value is unequal to
every value, and no other comparison with it holds.
"""

import ast
import datetime as dt
import re
from typing import Any

from pavedroad.engines.duckdb.plan import LeftError, Plan
from pavedroad.engines.duckdb.table import Column

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?(?P<zone>Z|[+-]\d\d:\d\d)?")
_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NODES: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "IN", ast.NotIn: "NOT_IN",
}  # fmt: skip
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
MAX_SET = 5_000
"""A set of more values is left to the other engine."""
MAX_EXACT = 2**53
"""Beyond it, a whole number may have no exact float."""


def is_moment(text: str) -> bool:
    """Whether a text is a date or a time as ISO 8601 has them."""
    return _MOMENT.fullmatch(text) is not None


def write_bound(plan: Plan, column: Column, value: object) -> str:
    """A value to compare a column with, as SQL.

    Raises:
        LeftError: a column of this sort cannot be compared with such a value.
    """
    if column.sort in {"whole", "real"} and isinstance(value, int | float) and not isinstance(value, bool):
        return plan.write(float(value) if column.sort == "real" and abs(value) < MAX_EXACT else value)
    if column.sort == "text" and isinstance(value, str):
        return plan.write(value)
    if column.sort in {"time", "zoned"} and isinstance(value, str):
        found = _MOMENT.fullmatch(value)
        if found and bool(found["zone"]) == (column.sort == "zoned"):
            try:
                return plan.write(dt.datetime.fromisoformat(value))
            except ValueError as error:
                raise LeftError(f"{value!r} is no date.") from error
    raise LeftError(f"A column of {column.type} is not compared with {type(value).__name__} in DuckDB.")


def write_set(plan: Plan, column: Column, values: object) -> str:
    """A list of values as SQL, for ``IN``; an empty list is one that nothing is in.

    Raises:
        LeftError: the values are not of the column's own sort, or too many.
    """
    if not isinstance(values, list | tuple | set):
        raise LeftError("The set of values is not a list.")
    values = list(values)
    if len(values) > MAX_SET:
        raise LeftError(f"The set has more than {MAX_SET:,} values.")
    if column.type in {"FLOAT"} or column.type.startswith("DECIMAL"):
        raise LeftError("Short floats and decimals are not compared one by one in DuckDB.")
    fits: tuple[type, ...] = {"whole": (int, float), "real": (int, float), "text": (str,), "boolean": (bool,)}.get(
        column.sort, ()
    )
    for value in values:
        if not isinstance(value, fits) or (isinstance(value, bool) and column.sort != "boolean"):
            raise LeftError(f"A column of {column.type} is not compared with {type(value).__name__} in DuckDB.")
        if isinstance(value, int | float) and abs(value) >= MAX_EXACT:
            raise LeftError("The set holds numbers that a float cannot hold exactly.")
    return f"({', '.join(map(plan.write, values)) or 'NULL'})"


def write_in(plan: Plan, column: Column, values: object) -> str:
    """Whether a value that is not missing is in a set, as SQL."""
    written = write_set(plan, column, values)
    return "false" if written == "(NULL)" else f"{column.sql} IN {written}"


def write_condition(plan: Plan, kwargs: dict[str, Any]) -> str:
    """The row condition of an expectation as SQL; empty when it has none.

    Raises:
        LeftError: it says more than DuckDB is asked here.
    """
    condition = kwargs.get("row_condition")
    if condition is None:
        return ""
    if isinstance(condition, dict):
        return _write_node(plan, condition)
    if not isinstance(condition, str) or "`" in condition:
        raise LeftError("The row condition is not one that is translated.")
    try:
        tree = ast.parse(condition.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise LeftError("The row condition is not one that is translated.") from error
    return _write_tree(plan, tree.body)


def _write_node(plan: Plan, node: dict[str, Any], depth: int = 0) -> str:
    kind = node.get("type")
    if depth > 20 or kind not in {"and", "or", "comparison", "nullity"}:
        raise LeftError("The row condition is not one that is translated.")
    if kind in {"and", "or"}:
        parts = [_write_node(plan, part, depth + 1) for part in node.get("conditions", [])]
        if not parts:
            raise LeftError("The row condition is empty.")
        return f"({f' {kind.upper()} '.join(parts)})"
    name = node.get("column")
    column = _find(plan, name.get("name") if isinstance(name, dict) else name)
    if kind == "nullity":
        return f"{column.sql} IS {'' if node.get('is_null') else 'NOT '}NULL"
    return _compare(plan, column, str(node.get("operator")), node.get("parameter"))


def _write_tree(plan: Plan, node: ast.expr) -> str:
    match node:
        case ast.BoolOp(op=op, values=values):
            word = " AND " if isinstance(op, ast.And) else " OR "
            return f"({word.join(_write_tree(plan, value) for value in values)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"(NOT {_write_tree(plan, operand)})"
        case ast.Call(func=ast.Attribute(value=inner, attr="notNull" | "notnull" | "notna"), args=[], keywords=[]):
            return f"{_find_node(plan, inner).sql} IS NOT NULL"
        case ast.Call(func=ast.Attribute(value=inner, attr="isnull" | "isna" | "isNull"), args=[], keywords=[]):
            return f"{_find_node(plan, inner).sql} IS NULL"
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            pairs = zip(sides[:-1], ops, sides[1:], strict=True)
            return f"({' AND '.join(_write_pair(plan, a, _NODES.get(type(op), ''), b) for a, op, b in pairs)})"
    raise LeftError("The row condition is not one that is translated.")


def _write_pair(plan: Plan, left: ast.expr, operator: str, right: ast.expr) -> str:
    if isinstance(left, ast.Name | ast.Call):
        return _compare(plan, _find_node(plan, left), operator, _read_constant(right))
    if operator in _MIRRORED:
        return _compare(plan, _find_node(plan, right), _MIRRORED[operator], _read_constant(left))
    raise LeftError("The row condition is not one that is translated.")


def _compare(plan: Plan, column: Column, operator: str, value: object) -> str:
    if operator in {"IN", "NOT_IN"}:
        inside = f"coalesce({write_in(plan, column, value)}, false)"
        return inside if operator == "IN" else f"(NOT {inside})"
    if operator not in _OPERATORS:
        raise LeftError(f"{operator!r} in a row condition is not translated.")
    bound = (
        plan.write(value) if column.sort == "boolean" and isinstance(value, bool) else write_bound(plan, column, value)
    )
    if column.sort == "boolean" and operator not in {"==", "!="}:
        raise LeftError("Booleans have no order.")
    return f"coalesce({column.sql} {_OPERATORS[operator]} {bound}, {'true' if operator == '!=' else 'false'})"


def _find_node(plan: Plan, node: ast.expr) -> Column:
    match node:
        case ast.Name(id=name):
            return _find(plan, name)
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str(name))], keywords=[]):
            return _find(plan, name)
    raise LeftError("The row condition is not one that is translated.")


def _find(plan: Plan, name: object) -> Column:
    column = plan.table.columns.get(name) if isinstance(name, str) else None
    if column is None:
        raise LeftError(f"The row condition names {name!r}, which is no column.")
    return column


def _read_constant(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise LeftError("The row condition is not one that is translated.") from error
