"""Manifests of kept directories, as anybody can write them: none leads outside, and none is believed unread."""

import json
from pathlib import Path

import pytest
from kept_repo import TABLE, dvc, empty, find, md5, quiet, remote_of

from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.kept import load_keeper
from pavedroad.foundation.data.manifest import read_manifest

pytestmark = pytest.mark.slow  # DVC itself takes a second or two to start

GOOD = md5(TABLE)


def entry(path, digest=GOOD, **more):
    return {"md5": digest, "relpath": path, **more}


HOSTILE = {
    "a path upwards": [entry("../x.csv")],
    "an absolute path": [entry("/pavedroad-x.csv")],
    "a path that goes down and up": [entry("a/../../x.csv")],
    "a path that ends upwards": [entry("a/..")],
    "backslashes": [entry("..\\x.csv")],
    "NUL": [entry("x\0.csv")],
    "a line break": [entry("x\n.csv")],
    "an empty path": [entry("")],
    "an empty part": [entry("a//x.csv")],
    "itself": [entry(".")],
    "git's folder": [entry(".git/hooks/post-checkout")],
    "DVC's folder in capitals": [entry("a/.DVC/config")],
    "twice": [entry("x.csv"), entry("x.csv")],
    "a file that is a folder": [entry("x"), entry("x/y.csv")],
    "a hash that is a path": [entry("x.csv", "../../../../../pavedroad-x")],
    "a hash of another length": [entry("x.csv", GOOD[:-1])],
    "a number for a path": [entry(1)],
    "nothing for a path": [{"md5": GOOD}],
    "no hash": [{"relpath": "x.csv"}],
    "an unknown key": [entry("x.csv", link="/etc/passwd")],
    "an object": {"x.csv": GOOD},
    "a text": "x.csv",
    "a very long name": [entry("x" * 256)],
    "a very long path": [entry("/".join(["x" * 100] * 50))],
}


def plant(repo, manifest, place):
    """Let the repo name a directory with this manifest, and put it where its hash says."""
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    digest = f"{md5(content)}.dir"
    (repo / "data" / "evil.dvc").write_text(f"outs:\n- md5: {digest}\n  hash: md5\n  path: evil\n")
    path = find(place, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def snapshot(base):
    return {
        path: path.read_bytes()
        for path in base.rglob("*")
        if path.is_file() and not path.is_relative_to(base / "repo" / ".dvc") and "site" not in path.parts
    }


@pytest.mark.parametrize("manifest", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_manifest_is_refused_with_the_directory(manifest):
    with pytest.raises(DataError, match="manifest of this directory is refused") as caught:
        read_manifest(json.dumps(manifest).encode(), "data/evil")
    assert caught.value.where == "data/evil"


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff\xfe", b'[{"md5": NaN}]', b"[] []", b""], ids=range(5))
def test_a_manifest_that_is_no_json_is_refused(content):
    with pytest.raises(DataError, match="manifest"):
        read_manifest(content, "data/evil")


def test_a_manifest_as_dvc_writes_it_is_read():
    written = [entry("a.csv"), entry("deep/ö 1:2.csv"), entry("deep/er/..hidden", size=3, isexec=True)]
    members = read_manifest(json.dumps(written).encode(), "data")
    assert [(item.path, item.digest) for item in members] == [(item["relpath"], GOOD) for item in written]


@pytest.mark.parametrize(
    "name", ["a path upwards", "an absolute path", "a path that goes down and up", "a hash that is a path", "twice"]
)
def test_a_hostile_manifest_in_the_remote_is_refused_before_anything_is_written(pushed, name):
    plant(pushed, HOSTILE[name], remote_of(pushed))
    before = snapshot(pushed.parent)
    with pytest.raises(DataError, match="manifest"):
        load_keeper().pull(pushed, [], "", quiet)
    assert snapshot(pushed.parent) == before
    for stray in (pushed / "x.csv", pushed.parent / "x.csv", Path("/pavedroad-x.csv"), pushed / "data" / "x.csv"):
        assert not stray.exists()


@pytest.mark.parametrize("name", ["a path upwards", "an object"])
def test_a_hostile_manifest_in_the_cache_stops_pull_and_road_alike(pushed, name):
    plant(pushed, HOSTILE[name], pushed / ".dvc" / "cache")
    for act in (lambda: load_keeper().pull(pushed, [], "", quiet), lambda: load_keeper().check_cache(pushed)):
        with pytest.raises(DataError, match="refused") as caught:
            act()
        assert caught.value.where == "data/evil"


def test_a_giant_manifest_is_refused_unread(pushed, monkeypatch):
    from pavedroad.engines.dvc import cache as dvc_cache
    from pavedroad.engines.dvc import repo as dvc_repo
    from pavedroad.foundation.data import manifest

    for module in (dvc_cache, dvc_repo, manifest):
        monkeypatch.setattr(module, "MAX_BYTES", 1000)
    for place in (remote_of(pushed), pushed / ".dvc" / "cache"):
        plant(pushed, [entry(f"{number}.csv") for number in range(50)], place)
        with pytest.raises(DataError, match="1,000"):
            load_keeper().pull(pushed, [], "", quiet)


def test_a_good_manifest_is_laid_down(pushed):
    plant(pushed, [entry("deep/x.csv")], remote_of(pushed))
    assert load_keeper().pull(pushed, [], "", quiet).flaws == []
    assert (pushed / "data" / "evil" / "deep" / "x.csv").read_text() == TABLE


@pytest.mark.parametrize("where", ["evil", "evil/deep", "evil/deep/x.csv"])
def test_nothing_is_written_through_a_link(pushed, where):
    outside = pushed.parent / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("mine")
    plant(pushed, [entry("deep/x.csv")], remote_of(pushed))
    link = pushed / "data" / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "kept.txt" if where.endswith(".csv") else outside)
    with pytest.raises(DataError, match="a link stands in its way") as caught:
        load_keeper().pull(pushed, [], "", quiet)
    assert caught.value.where == str(link)
    assert [path.name for path in outside.iterdir()] == ["kept.txt"]
    assert (outside / "kept.txt").read_text() == "mine"


def test_a_cache_that_is_linked_to_is_no_stranger(pushed):
    dvc(pushed, "config", "cache.type", "symlink")
    empty(pushed)
    assert load_keeper().pull(pushed, [], "", quiet).flaws == []
    assert (pushed / "data" / "table.csv").is_symlink()
    assert load_keeper().pull(pushed, [], "", quiet).flaws == []


@pytest.mark.parametrize("path", ["../../outside.csv", "../.git/config", "../.dvc/config"])
def test_a_record_that_keeps_what_lies_outside_is_refused(pushed, path):
    (pushed / "data" / "evil.dvc").write_text(f"outs:\n- md5: {GOOD}\n  hash: md5\n  path: {path}\n")
    with pytest.raises((DataError, ConfigError)):
        load_keeper().pull(pushed, [], "", quiet)
    assert not (pushed.parent / "outside.csv").exists()
