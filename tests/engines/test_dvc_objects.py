"""Kept data with the real DVC and a remote in a folder: read back after a push, verified before it is laid down."""

import os
import shutil
from pathlib import Path

import pytest
from kept_repo import FILES, PARTS, TABLE, copy_kept, digest_of, dvc, empty, find, flip, md5, quiet, remote_of

from pavedroad.engines.dvc.settings import find_cache
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.kept import UnreachableError, load_keeper

pytestmark = pytest.mark.slow  # DVC itself takes a second or two to start


@pytest.fixture
def repo(kept, tmp_path, monkeypatch):
    return copy_kept(kept, tmp_path, monkeypatch)


# --- push -----------------------------------------------------------------------------------------------------------


def test_a_push_uploads_all_that_the_repo_names_and_reads_it_back(repo):
    told = []
    care = load_keeper().push(repo, "", lambda *what: told.append(what))
    assert (care.pieces, care.remote, care.flaws, care.mended) == (7, "storage", [], [])
    assert ("Reading the remote back", 7, 7) in told
    assert len([path for path in remote_of(repo).rglob("*") if path.is_file()]) == 7


def test_a_second_push_reads_nothing_again_and_a_touched_object_is(pushed):
    for path in [*remote_of(pushed).rglob("*"), *(pushed / ".dvc" / "cache").rglob("*")]:
        if path.is_file():
            os.utime(path, ns=(1, 1))  # long ago, so that nothing counts as just written
    second = load_keeper().push(pushed, "", quiet)
    third = load_keeper().push(pushed, "", quiet)
    assert third.read <= second.read
    flip(find(remote_of(pushed), digest_of(pushed / "data" / "table.csv.dvc")))
    mended = load_keeper().push(pushed, "", quiet).mended
    assert [(flaw.kept.path, flaw.trouble) for flaw in mended] == [("data/table.csv", "damaged")]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("data/table.csv.dvc", "flipped"),
        ("data/table.csv.dvc", "gone"),
        ("data/parts.dvc", "cut"),
        ("data/parts.dvc", "gone"),
    ],
)
def test_what_is_damaged_or_missing_in_the_remote_is_uploaded_again(pushed, name, how):
    path = find(remote_of(pushed), digest_of(pushed / name))
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.chmod(0o644)
        path.write_bytes(whole[:-3])
    else:
        flip(path)
    care = load_keeper().push(pushed, "", quiet)
    assert care.flaws == []
    assert path.read_bytes() == whole
    if how != "gone":  # what is gone DVC may notice itself
        assert [flaw.kept.path for flaw in care.mended] == [name.removesuffix(".dvc")]


def test_an_incomplete_remote_that_dvc_calls_in_sync_is_completed(pushed):
    """What an interrupted first push leaves: the directory's manifest is there, a file of it is not."""
    member = md5(PARTS["data/parts/two.csv"])
    find(remote_of(pushed), member).unlink()
    assert "everything is up to date" in dvc(pushed, "push", check=False).stdout.lower()
    assert not find(remote_of(pushed), member).exists()  # or DVC has learnt it, and this test may go
    assert [flaw.kept.path for flaw in load_keeper().push(pushed, "", quiet).mended] == ["data/parts/two.csv"]
    assert find(remote_of(pushed), member).is_file()


def test_what_neither_cache_nor_remote_has_is_named(pushed):
    digest = digest_of(pushed / "data" / "table.csv.dvc")
    for base in (remote_of(pushed), pushed / ".dvc" / "cache"):
        find(base, digest).unlink()
    care = load_keeper().push(pushed, "", quiet)
    assert [(flaw.kept.path, flaw.trouble) for flaw in care.flaws] == [("data/table.csv", "missing")]


def test_a_directory_that_nobody_has_is_named(pushed):
    digest = digest_of(pushed / "data" / "parts.dvc")
    for base in (remote_of(pushed), pushed / ".dvc" / "cache"):
        find(base, digest).unlink()
    care = load_keeper().push(pushed, "", quiet)
    assert [(flaw.kept.path, flaw.trouble) for flaw in care.flaws] == [("data/parts", "missing")]


def test_nothing_is_pushed_from_a_damaged_cache(repo):
    flip(find(repo / ".dvc" / "cache", digest_of(repo / "data" / "table.csv.dvc")))
    with pytest.raises(DataError, match=r"damaged, so nothing was pushed: data/table\.csv") as caught:
        load_keeper().push(repo, "", quiet)
    assert ".dvc/cache" in caught.value.where
    assert not [path for path in remote_of(repo).rglob("*") if path.is_file()]


def test_without_a_remote_the_next_step_is_told(repo):
    (repo / ".dvc" / "config").write_text("")
    with pytest.raises(ConfigError, match="no remote") as caught:
        load_keeper().push(repo, "", quiet)
    assert "verify" in caught.value.next_step
    with pytest.raises(ConfigError):
        load_keeper().push(repo, "nowhere", quiet)


def test_a_remote_that_cannot_be_read_is_an_error(pushed):
    shutil.rmtree(remote_of(pushed))
    remote_of(pushed).write_text("no folder")
    for act in (load_keeper().verify, load_keeper().push):
        with pytest.raises(UnreachableError, match="storage"):
            act(pushed, "", quiet)


# --- pull -----------------------------------------------------------------------------------------------------------


def test_a_pull_into_an_empty_clone_brings_everything(pushed):
    empty(pushed)
    care = load_keeper().pull(pushed, [], "", quiet)
    assert care.flaws == []
    assert sorted(care.brought) == ["data/parts", "data/table.csv", "made"]
    assert {name: (pushed / name).read_text() for name in PARTS} == PARTS
    assert (pushed / "data" / "table.csv").read_text() == TABLE
    assert load_keeper().pull(pushed, [], "", quiet).flaws == []


@pytest.mark.parametrize(
    ("name", "verified"),
    [
        ("data/table.csv.dvc", "true"),
        ("data/table.csv.dvc", "false"),
        ("data/parts.dvc", "false"),
        ("a file of", "false"),
    ],
)
def test_what_is_damaged_in_the_remote_is_refused_and_named(pushed, name, verified):
    dvc(pushed, "remote", "modify", "storage", "verify", verified)
    empty(pushed)
    member = md5(PARTS["data/parts/two.csv"])
    digest = member if name.startswith("a file") else digest_of(pushed / name)
    flip(find(remote_of(pushed), digest))
    if name == "data/parts.dvc":
        with pytest.raises(DataError, match=r"manifest of data/parts is damaged"):
            load_keeper().pull(pushed, [], "", quiet)
    else:
        care = load_keeper().pull(pushed, [], "", quiet)
        path = "data/parts/two.csv" if name.startswith("a file") else "data/table.csv"
        assert [(flaw.kept.path, flaw.trouble) for flaw in care.flaws] == [(path, "damaged")]
        assert care.brought == []
    assert not (pushed / "data" / "table.csv").exists()
    assert not (pushed / "data" / "parts").exists()
    assert not find(pushed / ".dvc" / "cache", digest).exists()  # or the next run would take it for the real one


def test_what_is_damaged_in_the_cache_is_refused_and_named(pushed):
    empty(pushed, cache=False)
    flip(find(pushed / ".dvc" / "cache", digest_of(pushed / "data" / "table.csv.dvc")))
    with pytest.raises(DataError, match=r"nothing was brought: data/table\.csv"):
        load_keeper().pull(pushed, [], "", quiet)
    assert not (pushed / "data" / "table.csv").exists()


def test_a_target_is_pulled_alone_and_one_that_is_not_kept_is_refused(pushed):
    empty(pushed)
    care = load_keeper().pull(pushed, ["data/table.csv"], "", quiet)
    assert care.brought == ["data/table.csv"]
    assert not (pushed / "data" / "parts").exists()
    with pytest.raises(ConfigError, match="nothing that DVC keeps"):
        load_keeper().pull(pushed, ["make.py"], "", quiet)


def test_what_only_the_pipeline_makes_may_be_missing(pushed):
    empty(pushed)
    find(remote_of(pushed), md5("model")).unlink()
    care = load_keeper().pull(pushed, [], "", quiet)
    assert [(flaw.kept.path, flaw.remade) for flaw in care.flaws] == [("made/m.txt", True)]
    assert sorted(care.brought) == ["data/parts", "data/table.csv"]


def test_missing_data_stops_the_pull(pushed):
    empty(pushed)
    find(remote_of(pushed), digest_of(pushed / "data" / "table.csv.dvc")).unlink()
    care = load_keeper().pull(pushed, [], "", quiet)
    assert [(flaw.kept.path, flaw.trouble) for flaw in care.flaws] == [("data/table.csv", "missing")]
    assert not (pushed / "data" / "parts").exists()


# --- verify ---------------------------------------------------------------------------------------------------------


def test_verify_reads_everything_and_changes_nothing(pushed):
    care = load_keeper().verify(pushed, "", quiet)
    assert (care.flaws, care.read) == ([], 14)
    assert load_keeper().verify(pushed, "", quiet).read == 14


@pytest.mark.parametrize("side", ["cache", "remote"])
@pytest.mark.parametrize("name", ["data/table.csv.dvc", "data/parts.dvc"])
def test_verify_names_what_is_damaged(pushed, name, side):
    base = pushed / ".dvc" / "cache" if side == "cache" else remote_of(pushed)
    path = find(base, digest_of(pushed / name))
    flip(path)
    before = path.read_bytes()
    care = load_keeper().verify(pushed, "", quiet)
    assert [(flaw.kept.path, flaw.where) for flaw in care.flaws] == [(name.removesuffix(".dvc"), str(path))]
    assert path.read_bytes() == before


# --- the cache, before the road -------------------------------------------------------------------------------------


def test_a_whole_cache_has_no_flaw_and_is_read_once(repo, monkeypatch):
    keeper = load_keeper()
    assert keeper.check_cache(repo) == []
    from pavedroad.engines.dvc import cache as dvc_cache

    monkeypatch.setattr(dvc_cache.time, "time_ns", lambda: 2**62)  # all that lies there is old
    keeper.check_cache(repo)
    monkeypatch.setattr(dvc_cache, "hash_stream", None)  # to read a file again would fail now
    assert keeper.check_cache(repo) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("data/table.csv.dvc", "data/table.csv"),
        ("data/parts.dvc", "data/parts"),
        ("a file of data/parts", "data/parts/two.csv"),
        ("what a stage made", "made/m.txt"),
    ],
)
def test_a_flipped_bit_in_the_cache_is_found_and_named(repo, name, path):
    content = {"data/parts/two.csv": PARTS["data/parts/two.csv"], "made/m.txt": "model"}.get(path)
    digest = md5(content) if content else digest_of(repo / name)
    found = find(repo / ".dvc" / "cache", digest)
    load_keeper().check_cache(repo)
    before = found.stat()
    flip(found)
    os.utime(found, ns=(before.st_atime_ns, before.st_mtime_ns))  # as damage would leave it
    flaws = load_keeper().check_cache(repo)
    assert [(flaw.kept.path, flaw.where) for flaw in flaws] == [(path, str(found))]


def test_what_an_earlier_run_made_is_looked_at_too(repo):
    """DVC brings it back when the code is as it was, though no lock names it now."""
    (repo / "make.py").write_text(FILES["make.py"].replace("'model'", "'other'"))
    shutil.rmtree(repo / "made")
    dvc(repo, "repro", "-q")
    flip(find(repo / ".dvc" / "cache", md5("model")))
    assert len(load_keeper().check_cache(repo)) == 1


def test_a_digest_that_hides_behind_an_escape_is_found(repo):
    record = repo / "data" / "table.csv.dvc"
    digest = digest_of(record)
    record.write_text(f'outs:\n- path: table.csv\n  hash: md5\n  md5: "\\x{ord(digest[0]):02x}{digest[1:]}"\n')
    flip(find(repo / ".dvc" / "cache", digest))
    assert [flaw.kept.digest for flaw in load_keeper().check_cache(repo)] == [digest]


# --- settings -------------------------------------------------------------------------------------------------------


def test_remotes_that_are_trusted_are_named(repo):
    keeper = load_keeper()
    assert keeper.find_trusting(repo) == ["storage"]
    dvc(repo, "remote", "modify", "storage", "verify", "true")
    dvc(repo, "remote", "add", "other", "/nowhere")
    assert keeper.find_trusting(repo) == ["other"]
    dvc(repo, "remote", "modify", "other", "verify", "True")
    assert keeper.find_trusting(repo) == []
    (repo / ".dvc" / "config").write_text("no section\n")
    with pytest.raises(ConfigError, match="not a settings file"):
        keeper.find_trusting(repo)


def test_the_cache_is_found_where_dvc_has_it(repo, tmp_path):
    def told():
        return Path(dvc(repo, "cache", "dir").stdout.strip())

    assert find_cache(repo).resolve() == told().resolve()
    dvc(repo, "cache", "dir", "../shared cache")
    assert find_cache(repo).resolve() == (repo.parent / "shared cache").resolve() == told().resolve()
    dvc(repo, "cache", "dir", "--local", str(tmp_path / "mine"))
    assert find_cache(repo) == tmp_path / "mine" == told()
