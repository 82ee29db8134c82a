"""Values that are allowed, however awkward, are read back unchanged from every file they are written to."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from cookiecutter.utils import create_env_with_context
from hypothesis import assume, given
from hypothesis import strategies as st
from jinja2 import FileSystemLoader
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from pavedroad.config import load_config
from pavedroad_template import answers as rules
from pavedroad_template.extension import escape_markdown, quote

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text())
AWKWARD = [
    'say "hi"',
    "it's",
    "back\\slash \\n \\u0041 \\",
    "# no comment",
    "- no list",
    "1. no list either",
    "key: value",
    "null",
    "1e3",
    "NO",
    "~",
    "a | b",
    "<b>bold</b> & <!-- hidden -->",
    "[link](https://example.org) ![picture](x)",
    "`code` *star* _under_ __init__ ~~gone~~ $x$",
    "größe, 売上, ☂",
    "${{ secrets.X }}".replace("{{", "{").replace("}}", "}"),
    "%(x)s {x} %s",
    "@everyone",
    "=====",
    "'''",
    '"""',
    "\U0001d4b3",
]
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=80)


def render(name, answers):
    context = {
        "cookiecutter": {**QUESTIONS, **answers, "__package": rules.name_package(answers["project"]), "__source": ""}
    }
    environment = create_env_with_context(context)
    environment.loader = FileSystemLoader(str(ROOT / "<<cookiecutter.project>>"))
    return environment.get_template(name).render(**context)


@given(text=TEXT)
def test_a_quoted_text_reads_the_same_in_every_format(text):
    quoted = quote(text)
    assert json.loads(quoted) == text
    assert tomllib.loads(f"a = {quoted}") == {"a": text}
    assert yaml.safe_load(f"a: {quoted}") == {"a": text}
    assert YAML(typ="safe").load(f"a: {quoted}") == {"a": text}


@given(text=TEXT)
def test_a_statement_reads_the_same_in_the_settings(text, good):
    assume(not rules.find_problems({**good, "statement": text}))
    settings = tomllib.loads(render("pavedroad.toml", {**good, "statement": text}))
    assert settings["objective"]["statement"] == text
    project = tomllib.loads(render("pyproject.toml", {**good, "statement": text}))
    assert project["project"]["description"] == text


def read_markdown(text):
    """What a reader sees of Markdown: its text, and the elements it is made of."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [child for token in tokens if token.type == "inline" for child in token.children]
    return "".join(child.content for child in inline), {token.type for token in [*tokens, *inline]}


@given(text=TEXT)
def test_markdown_shows_the_text_and_makes_nothing_of_it(text):
    assume(text.strip())
    seen, elements = read_markdown(escape_markdown(text))
    assert seen == text.strip()
    assert elements <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


@given(text=TEXT)
def test_markdown_keeps_a_table_cell_whole(text):
    assume(text.strip())
    seen, elements = read_markdown(f"| | |\n|---|---|\n| before | x{escape_markdown(text)}x |\n")
    assert seen == f"beforex{text.strip()}x"
    assert not elements & {"code_inline", "link_open", "html_inline", "strong_open", "em_open", "image"}


@pytest.mark.parametrize("text", ["*a*", "<b>", "[a](b)", "`a`"])
def test_without_escaping_markdown_would_make_something_of_it(text):
    assert read_markdown(text)[1] - {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


def test_awkward_values_are_allowed_and_kept(generate, tmp_path):
    """All of them at once, through the whole of cookiecutter, in the statement and as the target's name."""
    statement = " ".join(AWKWARD)[: rules.MAX_STATEMENT]
    target = '"it\'s" \\ #1: größe | <b>'
    table = tmp_path / "table.csv"
    header = '"' + target.replace('"', '""') + '"'
    table.write_text(f"a,{header}\n" + "".join(f"{n},{n % 5}\n" for n in range(60)), encoding="utf-8")
    repo = generate(tmp_path, statement=statement, target=target, data=str(table))
    objective = load_config(repo / "pavedroad.toml").objective
    assert (objective.statement, objective.target) == (statement, target)
    for name in ("dvc.yaml", "params.yaml"):
        assert yaml.safe_load((repo / name).read_text(encoding="utf-8"))
    seen, elements = read_markdown((repo / "README.md").read_text(encoding="utf-8"))
    assert statement in seen
    assert target in seen
    assert not elements & {"html_inline", "html_block", "image"}


@pytest.mark.parametrize("statement", AWKWARD)
def test_every_awkward_value_is_allowed(statement, good):
    assert rules.find_problems({**good, "statement": statement}) == []
