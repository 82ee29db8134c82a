"""A model card as Markdown and as one page of HTML that loads nothing; every text in it is hostile until escaped."""

import hashlib
import html
from base64 import b64encode

from pavedroad.foundation.package.card import Card, Section, Table
from pavedroad.foundation.text import clean, escape

LONGEST = 2000
"""Characters of one text that a card shows."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5a6475; --line: #d9dee7; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #9aa5b8; --line: #333c4b; --ground: #12161d; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--ground);
  font: 1rem/1.55 "Liberation Sans", Arial, Helvetica, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
.lead { font-size: 1.1rem; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: normal; white-space: nowrap; }
td { min-width: 4.5rem; font-variant-numeric: tabular-nums; }
pre { border: 1px solid var(--line); border-radius: .4rem; padding: .7rem 1rem; overflow-x: auto; }
"""


def to_markdown(card: Card) -> str:
    """Write a card as GitHub-flavoured Markdown; no text of it can open a tag, a link, a cell or a heading."""
    blocks = [f"# {escape(card.title, LONGEST)}"]
    for section in card.sections:
        blocks.append(f"## {escape(section.title, LONGEST)}")
        blocks += [escape(sentence, LONGEST) for sentence in section.sentences]
        blocks += ["    " + clean(line, LONGEST) for line in section.code]
        if section.points:
            blocks.append("\n".join(f"- {escape(point, LONGEST)}" for point in section.points))
        if section.table is not None:
            blocks.append(_tabulate(section.table))
    return "\n\n".join(blocks) + "\n"


def to_html(card: Card) -> str:
    """Write a card as one page whose own policy forbids scripts and every load from elsewhere."""
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = _quote(card.title)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>",
        *([f'<p class="lead">{_quote(card.lead)}</p>'] if card.lead else []),
        *(_write_section(section) for section in card.sections),
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _write_section(section: Section) -> str:
    parts = [f"<h2>{_quote(section.title)}</h2>"]
    parts += [f"<p>{_quote(sentence)}</p>" for sentence in section.sentences if sentence]
    parts += [f"<pre>{_quote(line)}</pre>" for line in section.code]
    if section.points:
        parts.append("<ul>" + "".join(f"<li>{_quote(point)}</li>" for point in section.points) + "</ul>")
    if section.table is not None:
        head = "".join(f"<th>{_quote(name)}</th>" for name in section.table.head)
        rows = "\n".join(
            f"<tr>{''.join(f'<td>{_quote(cell)}</td>' for cell in row)}</tr>" for row in section.table.rows
        )
        parts.append(
            f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
        )
    return "\n".join(parts)


def _tabulate(table: Table) -> str:
    lines = [table.head, ("---",) * len(table.head), *(_encode_row(row) for row in table.rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _encode_row(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(escape(cell, LONGEST) for cell in row)


def _quote(text: str) -> str:
    return html.escape(clean(text, LONGEST))
