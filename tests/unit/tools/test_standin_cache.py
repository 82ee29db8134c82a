"""The stand-in for the runner's cache, where two runs share it: the way it is in a repo with two pull requests."""

import importlib.util
import shutil

import pytest

from pavedroad.testing.road import STANDINS


@pytest.fixture
def cache(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("standin_cache", STANDINS / "actions/cache/cache.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("OTHERS", "dvc-")
    (tmp_path / "state").mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("content")
    return module


def test_of_two_runs_that_keep_the_same_key_at_once_the_second_gives_way(cache, tmp_path, monkeypatch):
    state, folder = tmp_path / "state", tmp_path / "folder"
    copytree = shutil.copytree

    def copy_while_another_run_finishes(source, target, **options):
        monkeypatch.setattr(cache.shutil, "copytree", copytree)
        assert cache.save(state, folder, "dvc-1") == 0
        return copytree(source, target, **options)

    monkeypatch.setattr(cache.shutil, "copytree", copy_while_another_run_finishes)
    monkeypatch.setattr(cache.os, "getpid", iter([1, 2]).__next__)
    assert cache.save(state, folder, "dvc-1") == 0
    assert [path.name for path in state.iterdir() if path.name.startswith(".")] == [], "Nothing half-written stays."
    assert (cache.find(state, "dvc-1") / "content/file").read_text() == "content"


def test_what_another_run_is_still_writing_is_not_found(cache, tmp_path):
    scratch = tmp_path / "state/.being-written.1"
    scratch.mkdir()
    (scratch / "key").write_text("dvc-1")
    assert cache.find(tmp_path / "state", "dvc-1") is None
    assert cache.find(tmp_path / "state", "dvc-2") is None


def test_what_was_kept_is_found_by_its_key_and_by_its_beginning(cache, tmp_path):
    state = tmp_path / "state"
    assert cache.save(state, tmp_path / "folder", "dvc-1") == 0
    assert cache.find(state, "dvc-1") == cache.find(state, "dvc-2") is not None


def test_a_folder_that_cannot_be_put_in_place_is_an_error(cache, tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(target)

    monkeypatch.setattr(cache.Path, "rename", refuse)
    with pytest.raises(PermissionError):
        cache.save(tmp_path / "state", tmp_path / "folder", "dvc-1")
