"""DVC behind ``foundation.gate.champion``: a kept directory, by its digest, from the cache or made once more."""

import shutil
from pathlib import Path

from pavedroad.engines.dvc.cache import Cache
from pavedroad.engines.dvc.settings import LOCAL, find_cache
from pavedroad.errors import DataError
from pavedroad.foundation.data.kept import Kept
from pavedroad.report import write_whole


def copy_kept(root: Path, path: str, digest: str, target: Path) -> bool:
    """Copy a kept directory out of the repo's cache, every file verified; False when the cache does not hold all of it.

    Raises:
        DataError: a file of the cache is damaged, or the directory's manifest is refused.
    """
    cache = Cache(root, find_cache(root))
    pieces = cache.open_directory(Kept(digest, path))
    if pieces is None:
        return False
    members = pieces[1:]
    if any(cache.find(piece.digest) is None for piece in members):
        return False
    damaged = cache.check(pieces)
    if damaged:
        raise DataError("The champion lies damaged in the cache.", where=damaged[0].where)
    for piece in members:
        source = cache.find(piece.digest)
        place = target / piece.path.removeprefix(f"{path}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source is not None:
            shutil.copyfile(source, place)
    return True


def share_cache(root: Path, other: Path) -> None:
    """Let another work tree of the repo use the same cache, and the same settings of this machine."""
    local = (root / LOCAL).read_text(encoding="utf-8") if (root / LOCAL).is_file() else ""
    if "[cache]" in local:
        write_whole(other / LOCAL, local.encode())
        return
    folder = str(find_cache(root).resolve()).replace("\\", "\\\\").replace('"', '\\"')
    write_whole(other / LOCAL, f'{local}\n[cache]\n    dir = "{folder}"\n'.encode())
