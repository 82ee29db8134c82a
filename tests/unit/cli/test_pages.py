"""When the page is written again: for other reports or another version of what draws it, and not else."""

import importlib.metadata

import pytest

from pavedroad.cli.report import write_pages
from pavedroad.foundation.project import Project
from pavedroad.render import html, markdown
from pavedroad.report import conclude, judge


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, config=None)


@pytest.fixture
def make_report():
    return lambda summary: conclude("validate", [judge("rows", "There are rows", ok=True)], summary=summary)


@pytest.fixture
def drawn(monkeypatch):
    """How often each page was drawn; drawing itself has tests of its own."""
    calls = []
    monkeypatch.setattr(html, "to_html", lambda _: calls.append("page") or "<p>")
    monkeypatch.setattr(markdown, "to_markdown", lambda _: calls.append("text") or "#")
    return calls


def test_the_same_reports_are_drawn_once(project, drawn, make_report):
    for _ in range(2):
        assert write_pages(project, [make_report("Everything held.")]).read_text() == "<p>"
    assert drawn == ["page", "text"]


def test_other_reports_are_drawn_again(project, drawn, make_report):
    write_pages(project, [make_report("Everything held.")])
    write_pages(project, [make_report("Nothing held.")])
    assert drawn == ["page", "text"] * 2


def test_a_newer_road_draws_the_same_reports_again(project, drawn, make_report, monkeypatch):
    write_pages(project, [make_report("Everything held.")])
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "999")
    write_pages(project, [make_report("Everything held.")])
    assert drawn == ["page", "text"] * 2


@pytest.mark.parametrize("lost", ["report.html", "report.md", "run/rendered.json"])
def test_what_was_lost_is_drawn_again(project, drawn, make_report, lost):
    write_pages(project, [make_report("Everything held.")])
    (project.reports / lost).unlink()
    write_pages(project, [make_report("Everything held.")])
    assert drawn == ["page", "text"] * 2
