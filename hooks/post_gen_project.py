"""Finish the new repository: its table, its first expectation suite, its lock, its first commit.

This is a script of the standard library alone; what it does is in ``pavedroad_template.finish``, where it can be
tested.
"""

import json
import sys
import tempfile
from pathlib import Path

# In JSON made by `tojson`, the characters < > & ' are escaped, so an answer cannot end this string.
CONTEXT = json.loads(r"""<< {"answers": cookiecutter, "template": template_root}|tojson >>""")


def main() -> int:
    """Finish the repository in the current folder; 1 when it cannot be, and cookiecutter then removes it."""
    _remove_rendered_copy()
    sys.dont_write_bytecode = True
    sys.path.insert(0, CONTEXT["template"])
    from pavedroad_template.finish import finish

    return finish(Path.cwd(), CONTEXT["answers"])


def _remove_rendered_copy() -> None:
    """Remove this rendered script, answers included: cookiecutter leaves it in the folder for temporary files."""
    script = Path(__file__).resolve()
    if script.parent == Path(tempfile.gettempdir()).resolve():
        script.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
