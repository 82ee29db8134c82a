"""Write the JSON schemas of reports and of pavedroad.toml, which editors and validators read, from the types.

Run it after a change to the types: ``python tools/write_schemas.py``. A test holds the files to the types.
"""

import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SOURCE))  # the types of this checkout, whichever pavedroad is installed

from pavedroad import config, report  # noqa: E402

SCHEMAS = {
    SOURCE / "pavedroad" / "report.schema.json": report.json_schema,
    SOURCE / "pavedroad" / "config.schema.json": config.json_schema,
}


def main() -> None:
    """Write each schema whole."""
    for path, make in SCHEMAS.items():
        report.write_whole(path, report.encode(make()))
        print(f"Wrote {path.relative_to(SOURCE.parent)}")


if __name__ == "__main__":
    main()
