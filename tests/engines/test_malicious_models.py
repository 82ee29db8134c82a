"""Hostile model files: whatever they are and whatever they are called, each is refused and nothing in one ever runs."""

import pickletools
import subprocess
import sys

import pytest
from foreign_models import FOREIGN, RUNS
from pretending_models import HONEST, PRETENDERS, WHY, X, tampered

from pavedroad.errors import PackageError
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.folder import write_manifest


def pack(folder, name, content):
    folder.mkdir()
    (folder / name).write_bytes(content)
    write_manifest(folder, "evil")


def refuse(folder, canary):
    with pytest.raises(PackageError) as caught:
        open_package(folder).load_model()
    assert not canary.exists()
    assert caught.value.where
    return caught.value


def test_there_are_enough_of_them():
    assert len(FOREIGN) + len(PRETENDERS) >= 60


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_kind_is_refused_under_its_own_name_and_under_ours(tmp_path, name):
    canary = tmp_path / "canary"
    content = FOREIGN[name](canary)
    for number, suffix in enumerate((name.rpartition(".")[2], "skops", "onnx", "SKOPS", "skops.pkl")):
        pack(tmp_path / str(number), f"model.{suffix}", content)
        refuse(tmp_path / str(number), canary)
    canary.unlink(missing_ok=True)


@pytest.mark.parametrize("name", PRETENDERS)
def test_an_archive_that_pretends_is_refused_for_what_is_wrong_with_it(tmp_path, name):
    canary = tmp_path / "canary"
    pack(tmp_path / "package", "model.skops", PRETENDERS[name](canary))
    assert WHY.get(name, "not trusted") in refuse(tmp_path / "package", canary).what


@pytest.mark.parametrize("name", RUNS)
def test_the_twin_of_each_pickle_runs_when_somebody_unpickles_it(tmp_path, name):
    path, canary = tmp_path / "model.pkl", tmp_path / "canary"
    path.write_bytes(FOREIGN[name](canary))
    program = "import pickle, sys; file = open(sys.argv[1], 'rb')\nwhile True: pickle.load(file)"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False, capture_output=True)
    assert canary.exists()


@pytest.mark.parametrize("name", HONEST)
def test_the_twin_that_nobody_changed_is_read(tmp_path, name):
    content = tampered(HONEST[name], lambda _, content: content)(tmp_path / "canary")
    pack(tmp_path / "package", "model.skops", content)
    model = open_package(tmp_path / "package").load_model()
    assert model.predict(X).tolist() == HONEST[name].predict(X).tolist()


def test_two_model_files_are_one_too_many(tmp_path):
    pack(tmp_path / "package", "model.skops", b"x")
    (tmp_path / "package" / "model.pkl").write_bytes(b"x")
    write_manifest(tmp_path / "package", "evil")
    with pytest.raises(PackageError, match="2 model files"):
        open_package(tmp_path / "package").load_model()


def test_pickletools_agrees_that_the_pickles_are_pickles():
    for name in RUNS:
        if name not in {"broken afterwards.pkl"}:
            assert list(pickletools.genops(FOREIGN[name]("/nowhere")))
