"""Refuse answers that no repository can be made from, before the first file is written.

The Jinja extension has asked the same question before the folder was made. It is asked again here because this is the
place where cookiecutter looks for it, and because nothing that generates a repository should rest on one lock alone.
"""

import json
import sys
import tempfile
from pathlib import Path

# In JSON made by `tojson`, the characters < > & ' are escaped, so an answer cannot end this string.
CONTEXT = json.loads(r"""<< {"answers": cookiecutter, "template": template_root}|tojson >>""")


def main() -> int:
    """Print what is wrong with the answers; 1 when anything is."""
    _remove_rendered_copy()
    sys.dont_write_bytecode = True
    sys.path.insert(0, CONTEXT["template"])
    from pavedroad_template.answers import find_problems

    problems = find_problems(CONTEXT["answers"])
    for problem in problems:
        print(f"Refused: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _remove_rendered_copy() -> None:
    """Remove this rendered script, answers included: cookiecutter leaves it in the folder for temporary files."""
    script = Path(__file__).resolve()
    if script.parent == Path(tempfile.gettempdir()).resolve():
        script.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
