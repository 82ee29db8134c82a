"""The template that repos are generated from, and the protocol of the engine that fills it in."""

from pathlib import Path
from typing import Protocol, cast

import pavedroad
from pavedroad.foundation.engines import load_engine

PUBLIC_TEMPLATE = "gh:org/pavedroad"


class TemplateEngine(Protocol):
    """An engine that generates a repo from a template."""

    def generate(
        self, template: str, *, checkout: str | None, folder: Path, answers: dict[str, str], ask: bool
    ) -> Path:
        """Generate a repo into ``folder`` and return its root; raise UsageError when an answer is refused."""
        ...


def load_template_engine(name: str = "cookiecutter") -> TemplateEngine:
    """Find the template engine called ``name``."""
    return cast("TemplateEngine", load_engine("template", name))


def find_template() -> str:
    """The template that belongs to this code: the checkout it runs from, else the public one."""
    checkout = Path(pavedroad.__file__).parents[2]
    return str(checkout) if (checkout / "cookiecutter.json").is_file() else PUBLIC_TEMPLATE
