"""Write the names that skops trusts by itself, so that it need not search for them in every stage.

Run it in an environment of each Python whose lock has other versions, when these change, for example
``.nox/tests/bin/python tools/write_trusted.py``. A test holds the file to what skops finds.
"""

import importlib
import json
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SOURCE))  # this checkout, whichever pavedroad is installed

from pavedroad.engines.skops.importing import KEPT, SEARCH, name_versions  # noqa: E402
from pavedroad.report import encode, write_whole  # noqa: E402


def find_lists() -> dict[str, list[str]]:
    """Every list of names that skops finds, in alphabetical order."""
    found = vars(importlib.import_module(SEARCH))
    return {name: sorted(value) for name, value in sorted(found.items()) if name.endswith("_TYPE_NAMES")}


def main() -> None:
    """Write what is found here; what was found with other versions stays known if it is the same."""
    kept, lists = json.loads(KEPT.read_text(encoding="utf-8")), find_lists()
    others = kept["found_with"] if kept["lists"] == lists else []
    write_whole(KEPT, encode({"found_with": sorted({*others, name_versions()}), "lists": lists}))
    print(f"Wrote what is found with {name_versions()} to {KEPT.relative_to(SOURCE.parent)}")


if __name__ == "__main__":
    main()
