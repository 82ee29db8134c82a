"""DVC behind ``foundation.data.kept``: uploads are read back, what comes is verified before it is laid down.

DVC itself moves the data. It is not believed: a first push that was interrupted and is tried again can end well with a
remote that is incomplete (treeverse/dvc#10977), and a remote is trusted to hold what was put there.
"""

import os
from dataclasses import replace
from pathlib import Path

from pavedroad.engines.dvc import settings as dvc_settings
from pavedroad.engines.dvc.cache import check_named
from pavedroad.engines.dvc.pipeline import run_program
from pavedroad.engines.dvc.repo import Out, belongs, open_repo
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.kept import Care, Flaw, Tell
from pavedroad.foundation.data.manifest import Member, refuse_links
from pavedroad.foundation.text import join_some

_SHOWN = 3


def check_cache(root: Path) -> list[Flaw]:
    """Verify what the repo names and the cache holds; see ``foundation.data.kept.Keeper``."""
    return check_named(root, dvc_settings.find_cache(root))


def find_trusting(root: Path) -> list[str]:
    """The remotes that lack ``verify = true`` in the repo's own settings."""
    return dvc_settings.find_trusting(root)


def find_remote(root: Path) -> str:
    """The default remote's name."""
    return dvc_settings.find_remote(root)


def push(root: Path, remote: str, tell: Tell) -> Care:
    """Push by DVC, read the remote back, and upload again what it lacks; see ``foundation.data.kept.Keeper``."""
    with open_repo(root, remote) as opened:
        outs = [out for out in opened.outs if out.pushed]
        pieces = opened.open_directories(outs)
        damaged = opened.cache.check(pieces, tell)
        if damaged:
            raise DataError(
                f"The cache is damaged, so nothing was pushed: {_list(damaged)}.",
                where=damaged[0].where,
                next_step="Remove that file from the cache; then add the data again, or let the road make it again.",
            )
        tell("Pushing", 0, 1)
        said = run_program(root, ["push", *opened.choose_remote()])
        flaws = opened.check_remote(pieces, tell)
        mended = opened.upload(flaws)
        left = opened.check_remote([flaw.kept for flaw in flaws], tell)
        opened.cache.memory.save()
        gone = {flaw.kept for flaw in left}
        return opened.conclude(
            pieces,
            flaws=[*left, *opened.name_unopened(outs)],
            mended=[flaw for flaw in mended if flaw.kept not in gone],
            said=said if left else "",
        )


def pull(root: Path, targets: list[str], remote: str, tell: Tell) -> Care:
    """Fetch by DVC, verify, and only then lay down; see ``foundation.data.kept.Keeper``."""
    with open_repo(root, remote) as opened:
        outs = _choose(opened.outs, targets, root)
        for out in outs:
            opened.bring_manifest(out)
        pieces = opened.open_directories(outs)
        here = {piece for piece in pieces if opened.cache.find(piece.digest)}
        damaged = opened.cache.check(here, tell)
        if damaged:
            raise DataError(
                f"The cache is damaged, so nothing was brought: {_list(damaged)}.",
                where=damaged[0].where,
                next_step="Remove that file from the cache, then run: pavedroad data pull.",
            )
        for out in outs:
            members = [Member(item.path.removeprefix(f"{out.piece.path}/"), "") for item in opened.members(out)]
            refuse_links(root, out.piece.path, members, opened.cache.folder)
        said = ""
        if len(here) < len(pieces):
            tell("Fetching", 0, 1)
            said = run_program(root, ["fetch", *opened.choose_remote(), "--", *(out.piece.path for out in outs)])
        lacking = [piece for piece in pieces if piece not in here]
        for flaw in opened.cache.check(lacking, tell):
            Path(flaw.where).unlink(missing_ok=True)  # it came just now, and would be taken for the real one
        lacking = [piece for piece in lacking if opened.cache.find(piece.digest) is None]
        flaws = [*opened.find_why(lacking, tell), *opened.name_unopened(outs)]
        bad = {out for out in outs if any(belongs(flaw.kept, out) for flaw in flaws)}
        flaws = [replace(flaw, remade=any(out.remade for out in bad if belongs(flaw.kept, out))) for flaw in flaws]
        if any(flaw.trouble == "damaged" or not flaw.remade for flaw in flaws):
            return opened.conclude(pieces, flaws=flaws, said=said)
        whole = [out.piece.path for out in outs if out not in bad]
        tell("Laying down", 0, 1)
        failed = run_program(root, ["checkout", "--", *whole]) if whole else ""
        if failed:
            raise DataError(f"DVC could not lay the data down: {failed}", where=root)
        return opened.conclude(pieces, flaws=flaws, brought=whole)


def verify(root: Path, remote: str, tell: Tell) -> Care:
    """Read every piece in the cache and in the remote; see ``foundation.data.kept.Keeper``."""
    with open_repo(root, remote, wanted=False) as opened:
        opened.cache.memory.forget()
        pieces = opened.open_directories(opened.outs)
        flaws = opened.cache.check(pieces, tell)
        pushed = opened.open_directories([out for out in opened.outs if out.pushed])
        if opened.name:
            flaws += opened.check_remote(pushed, tell)
            opened.cache.memory.save()
        else:
            flaws += [Flaw(piece, "missing", "") for piece in pieces if opened.cache.find(piece.digest) is None]
        return opened.conclude(pieces, flaws=[*flaws, *opened.name_unopened(opened.outs)])


def _choose(outs: list[Out], targets: list[str], root: Path) -> list[Out]:
    """What the targets name: kept files and directories, or the ``.dvc`` files beside them; all, without targets."""
    if not targets:
        return outs
    paths = {Path(os.path.relpath(root / target, root)).as_posix().removesuffix(".dvc"): target for target in targets}
    for path, target in paths.items():
        if not any(out.piece.path == path for out in outs):
            raise ConfigError(
                f"{target!r} is nothing that DVC keeps here.",
                where=root / path,
                next_step=f"Kept are: {join_some([out.piece.path for out in outs], 10) or 'no files'}.",
            )
    return [out for out in outs if out.piece.path in paths]


def _list(flaws: list[Flaw]) -> str:
    names = ", ".join(flaw.kept.path for flaw in flaws[:_SHOWN])
    return f"{names} and {len(flaws) - _SHOWN:,} more" if len(flaws) > _SHOWN else names
