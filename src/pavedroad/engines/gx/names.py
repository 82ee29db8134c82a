"""Columns under names that Great Expectations can spell: it writes them into conditions that it then parses itself.

A name with a quote, a dot or a backtick breaks that, and of two names that differ in capital letters alone it takes one
for the other. Such columns are judged under plain names, and found again under their own.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ONE, _SEVERAL = ("column", "column_A", "column_B"), ("column_list", "column_set")


class Names:
    """The columns of a table, each with the name under which it is judged."""

    def __init__(self, columns: Iterable[str]) -> None:
        columns = list(columns)
        taken = Counter(name.casefold() for name in columns)
        self.judged: dict[str, str] = {}
        """The name under which each column is judged, in the table's order."""
        for number, name in enumerate(columns):
            plain = name
            if not _PLAIN.fullmatch(name) or taken[name.casefold()] > 1:
                plain = f"column_{number}"
                while plain in taken:
                    plain += "_"
                taken[plain] += 1
            self.judged[name] = plain
        self._own = {plain: name for name, plain in self.judged.items() if plain != name}

    def translate(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of an expectation with the names under which its columns are judged."""
        made = dict(kwargs)
        for key in _ONE:
            if isinstance(made.get(key), str):
                made[key] = self.judged.get(made[key], made[key])
        for key in _SEVERAL:
            if isinstance(made.get(key), list):
                made[key] = [self.judged.get(name, name) if isinstance(name, str) else name for name in made[key]]
        if isinstance(made.get("row_condition"), dict):
            made["row_condition"] = self._translate_condition(made["row_condition"])
        return made

    def restore(self, name: str) -> str:
        """A column's own name, given the one under which it is judged."""
        return self._own.get(name, name)

    def _translate_condition(self, condition: Any) -> Any:  # noqa: ANN401 - a suite's JSON
        if isinstance(condition, list):
            return [self._translate_condition(part) for part in condition]
        if not isinstance(condition, dict):
            return condition
        made = {key: self._translate_condition(part) for key, part in condition.items()}
        column = condition.get("column")
        if isinstance(column, dict) and isinstance(column.get("name"), str):
            made["column"] = {**column, "name": self.judged.get(column["name"], column["name"])}
        return made
