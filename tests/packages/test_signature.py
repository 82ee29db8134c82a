"""Signatures: of one package, one name and one version, by one key."""

import json
import shutil
import subprocess
import sys

import pytest
from small_repo import walk

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / f"{name}.pem").write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


@pytest.fixture
def signed(repo, keys):
    from pavedroad.foundation.package.envelope import open_package
    from pavedroad.foundation.package.signature import sign

    sign(open_package(repo / "package"), "1.4.0", keys / "ours.pem")
    return repo


def verify(repo, key, name="beans", version=""):
    from pavedroad.foundation.package.envelope import open_package
    from pavedroad.foundation.package.signature import verify as verify_package

    return verify_package(open_package(repo / "package"), key, name, version)


def test_a_signature_holds_for_its_package_name_and_version(signed, keys):
    statement = verify(signed, keys / "ours.pub", version="1.4.0")
    assert (statement.name, statement.version) == ("beans", "1.4.0")
    assert verify(signed, keys / "ours.pub") == statement


def change_statement(**changed):
    def change(repo):
        path = repo / "package.signature" / "statement.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

    return change


def another_package(repo):
    shutil.copytree(repo / "package.signature", repo / "kept")
    (repo / "params.yaml").write_text("train:\n  alpha: 9.5\n")
    walk(repo, ["train", "evaluate", "package"])


def forget(repo):
    shutil.rmtree(repo / "package.signature")


def cut(repo):
    path = repo / "package.signature" / "model.sig"
    path.write_bytes(path.read_bytes()[:-20])


def empty(repo):
    (repo / "package.signature" / "model.sig").write_bytes(b"")


BROKEN = {
    "another package": (another_package, "another package"),
    "no signature": (forget, "not signed"),
    "cut off": (cut, "does not hold"),
    "empty": (empty, "does not hold"),
    "another version": (change_statement(version="2.0.0"), "does not hold"),
    "another name": (change_statement(name="peas"), "does not hold"),
    "another digest": (change_statement(package="0" * 64), "does not hold"),
    "more in it": (change_statement(more=1), "not valid"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_was_changed_afterwards_is_refused(signed, keys, name):
    from pavedroad.errors import PackageError

    change, says = BROKEN[name]
    change(signed)
    with pytest.raises(PackageError, match=says):
        verify(signed, keys / "ours.pub")


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"name": "peas"}, "another name"), ({"version": "1.4.1"}, "another version")],
)
def test_another_name_or_version_than_was_asked_for_is_refused(signed, keys, asked, says):
    from pavedroad.errors import PackageError

    with pytest.raises(PackageError, match=says):
        verify(signed, keys / "ours.pub", **asked)


def test_another_key_is_refused_and_a_key_that_is_none_says_so(signed, keys):
    from pavedroad.errors import PackageError
    from pavedroad.foundation.package.envelope import open_package
    from pavedroad.foundation.package.signature import sign

    before = (signed / "package.signature" / "model.sig").read_bytes()
    for key in ("theirs.pub", "ours.pem"):
        with pytest.raises(PackageError, match="does not hold"):
            verify(signed, keys / key)
    with pytest.raises(PackageError, match="no private key that could sign"):
        sign(open_package(signed / "package"), "1", keys / "ours.pub")
    for use in (verify, lambda _, key: sign(open_package(signed / "package"), "1", key)):
        with pytest.raises(PackageError, match="The key cannot be read: No such file or directory"):
            use(signed, keys / "nobody.pub")
    assert (signed / "package.signature" / "model.sig").read_bytes() == before


def test_the_commands_sign_and_verify(repo, keys):
    program = [sys.executable, "-m", "pavedroad", "signature"]
    made = [*program, "make", "--key", str(keys / "ours.pem"), "--version", "1.0.0"]
    assert "beans 1.0.0 signed" in subprocess.run(made, cwd=repo, capture_output=True, text=True, check=True).stdout
    ours = [*program, "check", "--key", str(keys / "ours.pub")]
    assert "verified" in subprocess.run(ours, cwd=repo, capture_output=True, text=True, check=True).stdout
    theirs = [*program, "check", "--key", str(keys / "theirs.pub")]
    assert subprocess.run(theirs, cwd=repo, capture_output=True, check=False).returncode == 3
