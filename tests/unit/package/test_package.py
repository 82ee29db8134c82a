"""Folders with a manifest: exactly the files that were packed, byte for byte, or an error that names the one."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from pavedroad.errors import PackageError
from pavedroad.foundation.package.folder import MANIFEST, build_folder, digest_folder, verify_manifest, write_manifest

FILES = {"model.skops": b"\x00\x01", "deep/signature.json": "{}", "empty": ""}


@pytest.fixture
def package(world):
    folder = world(FILES)
    write_manifest(folder, "sales")
    return folder


def test_a_package_is_what_its_manifest_says(package):
    manifest = verify_manifest(package)
    assert sorted(manifest.files) == sorted(FILES)
    assert manifest.files["model.skops"].bytes == 2
    assert manifest.name == "sales"


def test_the_same_files_give_the_same_manifest(package, tmp_path):
    before = (package / MANIFEST).read_bytes()
    write_manifest(package, "sales")
    assert (package / MANIFEST).read_bytes() == before


def change(package):
    (package / "model.skops").write_bytes(b"\x00\x02")


def grow(package):
    with (package / "empty").open("ab") as file:
        file.write(b"x")


def add(package):
    (package / "extra.txt").write_text("x")


def add_hidden(package):
    (package / "deep" / ".hidden").write_text("x")


def add_manifest(package):
    (package / "deep" / MANIFEST).write_text("{}")


def remove(package):
    (package / "model.skops").unlink()


def rename(package):
    (package / "model.skops").rename(package / "model2.skops")


def link_file(package):
    (package / "outside").write_bytes(b"\x00\x01")
    (package / "model.skops").unlink()
    (package / "model.skops").symlink_to(package / "outside")


def link_folder(package):
    (package / "deep").rename(package.parent / "elsewhere")
    (package / "deep").symlink_to(package.parent / "elsewhere")


def link_nowhere(package):
    (package / "model.skops").unlink()
    (package / "model.skops").symlink_to("/nonexistent")


def link_package(package):
    package.rename(package.parent / "elsewhere")
    package.symlink_to(package.parent / "elsewhere")


def link_manifest(package):
    (package / MANIFEST).rename(package.parent / "elsewhere")
    (package / MANIFEST).symlink_to(package.parent / "elsewhere")


def link_hidden(package):
    (package / ".link").symlink_to("/etc")


def pipe(package):
    (package / "model.skops").unlink()
    os.mkfifo(package / "model.skops")


def differ_in_case(package):
    (package / "MODEL.skops").write_bytes(b"\x00\x01")


def folder_for_file(package):
    (package / "model.skops").unlink()
    (package / "model.skops").mkdir()


TAMPERED = {
    change: ("not the one that was packed", "model.skops"),
    grow: ("not the one that was packed", "empty"),
    add: ("not in the manifest", "extra.txt"),
    add_hidden: ("not in the manifest", "deep/.hidden"),
    add_manifest: ("not in the manifest", "deep/manifest.json"),
    remove: ("missing", "model.skops"),
    rename: ("not in the manifest", "model2.skops"),
    link_file: ("link", "model.skops"),
    link_folder: ("link", "deep"),
    link_nowhere: ("link", "model.skops"),
    link_package: ("link", MANIFEST),
    link_manifest: ("link", MANIFEST),
    link_hidden: ("link", ".link"),
    pipe: ("no plain file", "model.skops"),
    differ_in_case: ("not in the manifest", "MODEL.skops"),
    folder_for_file: ("missing", "model.skops"),
}


@pytest.mark.parametrize(
    ("tamper", "why", "where"),
    [(tamper, *rest) for tamper, rest in TAMPERED.items()],
    ids=[tamper.__name__.replace("_", " ") for tamper in TAMPERED],
)
def test_a_package_that_was_tampered_with_is_refused_with_the_file(package, tamper, why, where):
    tamper(package)
    with pytest.raises(PackageError, match=why) as caught:
        verify_manifest(package)
    assert caught.value.where == str(package / where)


HEAD = '{"schema": "pavedroad.manifest/1", "name": "x", "files": '
MANIFESTS = {
    "no JSON": "{",
    "a list": "[]",
    "no files": '{"schema": "pavedroad.manifest/1", "name": "x"}',
    "another schema": '{"schema": "pavedroad.manifest/2", "name": "x", "files": {}}',
    "an unknown key": HEAD + '{}, "more": 1}',
    "a file twice": HEAD + '{"a": {"sha256": "", "bytes": 0}, "a": 1}}',
    "a size that is text": HEAD + '{"a": {"sha256": "", "bytes": "0"}}}',
}


@pytest.mark.parametrize("content", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_is_not_valid_is_refused(package, content):
    (package / MANIFEST).write_text(content)
    with pytest.raises(PackageError, match="The manifest is not valid"):
        verify_manifest(package)


def test_no_manifest_is_no_package(package):
    (package / MANIFEST).unlink()
    with pytest.raises(PackageError, match="cannot be read"):
        verify_manifest(package)


OUTSIDE = (
    "../secret",
    "/secret",
    "deep/../../secret",
    "./secret",
    "deep//secret",
    "a\\b",
    "C:secret",
    "..",
    ".",
    "",
    "a\n",
)


@pytest.mark.parametrize("name", [*OUTSIDE, MANIFEST, "cafe\u0301"])
def test_a_manifest_that_leads_outside_is_refused_before_anything_is_opened(package, name):
    (package.parent / "secret").write_text("x")
    lay_in(package, name, {"sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1})
    with pytest.raises(PackageError, match="no path inside"):
        verify_manifest(package)


def test_two_names_that_are_one_elsewhere_are_refused(package):
    lay_in(package, "MODEL.skops", {"sha256": "0" * 64, "bytes": 1})
    with pytest.raises(PackageError, match="differ in case alone"):
        verify_manifest(package)


def test_two_names_that_are_one_elsewhere_are_not_packed(package):
    (package / "EMPTY").write_text("x")
    with pytest.raises(PackageError, match="differ in case alone"):
        write_manifest(package, "sales")


def test_a_file_of_another_size_is_refused_without_being_read(package, monkeypatch):
    with (package / "empty").open("wb") as file:
        file.truncate(1 << 40)  # a sparse terabyte
    with pytest.raises(PackageError, match="not the one that was packed"):
        verify_manifest(package)


def test_more_files_than_a_package_has_are_refused(package, monkeypatch):
    monkeypatch.setattr("pavedroad.foundation.package.folder.MOST_FILES", 3)
    verify_manifest(package)
    lay_in(package, "one", {"sha256": "0" * 64, "bytes": 1})
    with pytest.raises(PackageError, match="too many"):
        verify_manifest(package)


def test_the_digest_of_a_package_changes_with_any_file_and_with_nothing_else(package):
    before = digest_folder(package)
    os.utime(package / "empty", (0, 0))
    write_manifest(package, "sales")
    assert digest_folder(package) == before
    change(package)
    write_manifest(package, "sales")
    assert digest_folder(package) != before


def lay_in(package, name, file):
    document = json.loads((package / MANIFEST).read_text())
    document["files"][name] = file
    (package / MANIFEST).write_text(json.dumps(document))


# --- whole or not at all --------------------------------------------------------------------------------------------


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with build_folder(tmp_path / "model") as folder:
        (folder / "a").write_text("new")
        assert not (tmp_path / "model").exists()
    assert listing(tmp_path) == ["model", "model/a"]


def test_a_folder_replaces_the_old_one_with_all_its_files(tmp_path):
    for name in ("old", "new"):
        with build_folder(tmp_path / "model") as folder:
            (folder / name).write_text(name)
    assert listing(tmp_path) == ["model", "model/new"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path, error):
    with build_folder(tmp_path / "model") as folder:
        (folder / "old").write_text("old")

    def fail(folder):
        (folder / "new").write_text("half")
        raise error

    with pytest.raises(error), build_folder(tmp_path / "model") as folder:
        fail(folder)
    assert listing(tmp_path) == ["model", "model/old"]


def test_a_failure_to_put_the_folder_in_place_brings_the_old_one_back(tmp_path, monkeypatch):
    with build_folder(tmp_path / "model") as folder:
        (folder / "old").write_text("old")
    rename, calls = os.rename, []

    def fail_second(source, target, **options):
        calls.append(source)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        rename(source, target, **options)

    monkeypatch.setattr(os, "rename", fail_second)
    with pytest.raises(OSError, match="No space left"), build_folder(tmp_path / "model") as folder:
        (folder / "new").write_text("new")
    assert listing(tmp_path) == ["model", "model/old"]


KILLED = """
import os, sys
from pathlib import Path
from pavedroad.foundation.package import folder as module
rename, calls = os.rename, []
def die_second(source, target, **options):
    calls.append(source)
    if len(calls) == 2:
        os._exit(9)
    rename(source, target, **options)
os.rename = die_second
with module.build_folder(Path(sys.argv[1])) as made:
    (made / "half").write_text("half")
    if sys.argv[2] == "early":
        os._exit(9)
"""


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize("name", ["model", "package"])
def test_what_a_killed_process_left_is_cleared_away_and_nothing_is_lost(tmp_path, name, when):
    with build_folder(tmp_path / name) as folder:
        (folder / "old").write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / name, when], check=False)
    assert done.returncode == 9
    assert (tmp_path / name).exists() == (when == "early")
    assert len([path for path in tmp_path.iterdir() if path.name.startswith(f".{name}.")]) == 1
    with build_folder(tmp_path / name) as folder:
        assert listing(tmp_path / name) == ["old"]
        (folder / "new").write_text("new")
    assert listing(tmp_path) == [name, f"{name}/new"]


def test_what_is_not_left_by_us_or_still_in_use_stays(tmp_path):
    (tmp_path / ".package.own" / "new").mkdir(parents=True)
    (tmp_path / ".package.own" / "notes").write_text("mine")
    (tmp_path / ".package.signature.x" / "old").mkdir(parents=True)
    (tmp_path / ".package.yaml").write_text("mine")
    (tmp_path / "elsewhere" / "new").mkdir(parents=True)
    (tmp_path / ".package.link").symlink_to(tmp_path / "elsewhere")
    before = listing(tmp_path)
    with build_folder(tmp_path / "package") as first:
        (first / "a").write_text("a")
        with build_folder(tmp_path / "package") as second:
            (second / "b").write_text("b")
        assert (first / "a").read_text() == "a"
    assert listing(tmp_path) == sorted([*before, "package", "package/a"])


def test_everybody_may_read_the_folder(tmp_path):
    with build_folder(tmp_path / "model") as folder:
        (folder / "a").write_text("new")
    assert (tmp_path / "model").stat().st_mode & 0o555 == 0o555
