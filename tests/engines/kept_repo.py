"""A repo that keeps a file, a directory and what a stage makes with the real DVC, and a remote in a folder."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pavedroad.foundation.data.kept import load_keeper

TABLE = "a,b\n" + "1,2\n" * 500
PARTS = {f"data/parts/{name}.csv": f"{name}\n" * 300 for name in ("one", "two", "deep/three")}
PIPELINE = """\
stages:
  make:
    cmd: python make.py
    deps:
      - make.py
      - data/table.csv
    outs:
      - made
    metrics:
      - score.json:
          cache: false
"""
MAKE = "from pathlib import Path\nPath('made').mkdir()\nPath('made/m.txt').write_text('model')\n"
FILES = {
    "data/table.csv": TABLE,
    **PARTS,
    "dvc.yaml": PIPELINE,
    "make.py": MAKE + "Path('score.json').write_text('{}')\n",
}


def quiet(*_):
    """Nobody watches."""


def dvc(root, *words, check=True):
    program = shutil.which("dvc", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([program, *words], cwd=root, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def make_kept(base, write_world):
    """The folder of the repo and its remote, which is still empty."""
    root = write_world(base / "repo", FILES)
    (base / "remote").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    dvc(root, "init", "-q")
    dvc(root, "add", "-q", "data/table.csv", "data/parts")
    dvc(root, "repro", "-q")
    dvc(root, "remote", "add", "-q", "--default", "storage", "../remote")
    return base


def send_kept(base, folder):
    """A copy of all that, pushed."""
    base = shutil.copytree(base, folder / "kept", symlinks=True)
    assert load_keeper().push(base / "repo", "", quiet).flaws == []
    return base


def copy_kept(base, folder, monkeypatch):
    """The repo of a copy that a test may change."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))  # DVC remembers remotes by their address there
    return shutil.copytree(base, folder / "kept", symlinks=True) / "repo"


def md5(content):
    content = content.encode() if isinstance(content, str) else content
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def remote_of(repo):
    return repo.parent / "remote"


def digest_of(record):
    return next(line.split()[-1] for line in record.read_text().splitlines() if "md5: " in line and "hash" not in line)


def find(base, digest):
    return base / "files" / "md5" / digest[:2] / digest[2:]


def flip(path, at=1):
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
    path.chmod(0o444)


def empty(repo, *, cache=True):
    """As in a fresh clone: neither data nor cache."""
    shutil.rmtree(repo / "data" / "parts")
    (repo / "data" / "table.csv").unlink()
    shutil.rmtree(repo / "made")
    if cache:
        shutil.rmtree(repo / ".dvc" / "cache")
