"""Whether a licence, written as an SPDX expression, lies within a list of licences that are allowed.

Source: SPDX Specification 2.3, annex D, "SPDX License Expressions": ``OR`` leaves a choice, ``AND`` binds to both and
binds closer, ``WITH`` adds an exception that makes another licence of it, and names do not differ by case.
"""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\s*([()]|[\w.+:-]+)")
_WORDS = {"and", "or", "with", "(", ")"}


def allows(expression: str, listed: Iterable[str]) -> bool:
    """Whether some reading of the expression needs listed licences alone; what is no expression is not allowed."""
    allowed = {" ".join(name.casefold().split()) for name in listed}
    tokens = _split(expression)
    if tokens is None:
        return False
    try:
        found = _read_choice(tokens, allowed)
    except IndexError:
        return False
    return found and not tokens


def _split(expression: str) -> list[str] | None:
    """The tokens, the last one first, so that the next one can be popped; None when something else stands there."""
    text = expression.strip()
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        return None
    return [token.casefold() for token in reversed(tokens)]


def _read_choice(tokens: list[str], allowed: set[str]) -> bool:
    found = _read_all(tokens, allowed)
    while tokens and tokens[-1] == "or":
        tokens.pop()
        found = _read_all(tokens, allowed) or found
    return found


def _read_all(tokens: list[str], allowed: set[str]) -> bool:
    found = _read_one(tokens, allowed)
    while tokens and tokens[-1] == "and":
        tokens.pop()
        found = _read_one(tokens, allowed) and found
    return found


def _read_one(tokens: list[str], allowed: set[str]) -> bool:
    """One licence, with its exception where it has one, or an expression in brackets; IndexError when there is none."""
    name = tokens.pop()
    if name == "(":
        found = _read_choice(tokens, allowed)
        if tokens.pop() != ")":
            raise IndexError
        return found
    if name in _WORDS:
        raise IndexError
    if tokens and tokens[-1] == "with":
        tokens.pop()
        name = f"{name} with {tokens.pop()}"
    return name in allowed
