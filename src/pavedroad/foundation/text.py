"""Text from anywhere, made harmless: one line, visible, and without meaning for Markdown or HTML."""

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 300
"""Characters of one text that are shown; the rest lies in the report's JSON."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Unicode's categories of characters that change what a reader sees without being seen: controls, bidi, surrogates."""

_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but part of how some scripts and emoji are written, and harmless."""

_STRUCTURE = re.compile(
    r"""
    [&<>`*\[\]\\|~#@${}]            # opens a tag, an entity, code, emphasis, a link, a cell, a formula or a mention
    | _(?![^\W_]) | (?<![^\W_])_    # emphasis, unless inside a word
    | :(?=[:/]) | (?<=:):           # a workflow command, or the start of an address
    | ^[-+=](?![\w.])              # a list, a line or a heading's underline
    | (?<=^\d)[.)](?!\w) | (?<=^\d\d)[.)](?!\w)  # a numbered list
    """,
    re.VERBOSE,
)
"""What Markdown could take for structure; written as an entity it is only ever text."""

_REFERENCES = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=://)|(?<=\bGH-)(?=\d)|(?<=\bwww)(?=\.)|(?<=:)(?=(?!\d\d?:)[\w+-]+:)", re.IGNORECASE
)
"""Where GitHub, after Markdown and whatever the escapes, would ping someone, make a link of its own or put an emoji."""

_LAST_OF_PLANE = 0xFFFF


def clean(text: str, longest: int = LONGEST) -> str:
    r"""One line of plain, visible text: whitespace becomes single spaces, unseen characters are written out.

    A control or bidi character comes out as its code, for example ``\u202e``, because hiding it would hide the trick.
    """
    line = " ".join(text[: 4 * longest].split())
    shown = "".join(_visible(character) for character in line)
    if len(shown) > longest or len(text) > 4 * longest:
        return shown[: longest - 1].rstrip() + "…"
    return shown


def escape(text: str, longest: int = LONGEST) -> str:
    """The same for GitHub's Markdown: nothing in it formats, links, pings, breaks a table or opens a tag."""
    return encode(clean(text, longest))


def encode(cleaned: str) -> str:
    """A cleaned text with everything that Markdown or GitHub could take for more than text written as an entity."""
    apart = _REFERENCES.sub("\u200b", cleaned)
    return _STRUCTURE.sub(lambda match: f"&#{ord(match[0])};", apart)


def capitalise(text: str) -> str:
    """The same with a capital at the start."""
    return text[:1].upper() + text[1:]


def join_some(items: Sequence[str], most: int, comma: str = ", ") -> str:
    """``a, b, c and 12 more``: what is left out of a list to keep it short is always counted."""
    more = len(items) - most
    return comma.join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LAST_OF_PLANE else f"\\U{code:08x}"
