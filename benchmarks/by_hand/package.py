"""The model, its columns and a manifest of hashes."""

import hashlib
import subprocess

from common import OUT, write

files = ["model.skops", "train.json", "evaluate.json"]
commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
write(
    "manifest.json",
    {"commit": commit, "files": {name: hashlib.sha256((OUT / name).read_bytes()).hexdigest() for name in files}},
)
