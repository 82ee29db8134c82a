"""cookiecutter behind ``foundation.template``."""

import json
from pathlib import Path

from cookiecutter.config import get_user_config
from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter
from cookiecutter.repository import determine_repo_dir

from pavedroad.config import nearest
from pavedroad.errors import UsageError


def generate(template: str, *, checkout: str | None, folder: Path, answers: dict[str, str], ask: bool) -> Path:
    """Generate a repo.

    Raises:
        UsageError: the template cannot be had, has no such question, or refused an answer; nothing is left behind.
    """
    try:
        place = _fetch(template, checkout, ask=ask)
        _refuse_unknown(answers, place)
        folder.mkdir(parents=True, exist_ok=True)
        made = cookiecutter(
            str(place), no_input=not ask, extra_context=answers, output_dir=str(folder), default_config=True
        )
    except (CookiecutterException, ValueError, OSError) as error:  # ValueError: a choice that is not on the list
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(
            f"The repo was not generated: {reason[:500]}", next_step="Correct the answer and run the command again."
        ) from error
    return Path(made)


def _fetch(template: str, checkout: str | None, *, ask: bool) -> Path:
    settings = get_user_config(default_config=True)
    place, _ = determine_repo_dir(
        template=template,
        abbreviations=settings["abbreviations"],
        clone_to_dir=settings["cookiecutters_dir"],
        checkout=checkout,
        no_input=not ask,
    )
    return Path(place)


def _refuse_unknown(answers: dict[str, str], place: Path) -> None:
    """Refuse what cookiecutter would ignore: an answer to a question that nobody asks."""
    asked = [name for name in json.loads((place / "cookiecutter.json").read_text("utf-8")) if not name.startswith("_")]
    for name in answers:
        if name not in asked:
            raise UsageError(f"{name!r} is not a question of the template.", next_step=nearest(name, asked))
