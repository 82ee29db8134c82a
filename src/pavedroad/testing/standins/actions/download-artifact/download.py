"""Bring an artifact back, as far as ``actions/download-artifact`` does it for us. The standard library only."""

import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    """Copy the artifact NAME of this run to TARGET."""
    source = Path(os.environ["PAVEDROAD_STATE"], "artifacts", os.environ["GITHUB_RUN_ID"], os.environ["NAME"])
    if not source.is_dir():
        print(f"::error::There is no artifact {source.name} in this run.")
        return 1
    shutil.copytree(source, os.environ["TARGET"], dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
