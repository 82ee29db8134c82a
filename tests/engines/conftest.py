"""Servers, and repos with kept data, that tests of engines share."""

from importlib.util import find_spec

import pytest

# Its tests run in a session of their own, which installs what they import; a test of the repository holds CI to that.
collect_ignore = [] if find_spec("psycopg") else ["test_gx_postgres.py", "test_postgres_stage.py"]


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own, stopped at the end."""
    from postgres_server import Server

    server = Server()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def database(postgres, monkeypatch):
    """The server, with its address where the config looks for it."""
    monkeypatch.setenv("ROAD_DATABASE", postgres.address())
    return postgres


@pytest.fixture(scope="session")
def kept(tmp_path_factory, write_world):
    """A repo with kept data in a folder, beside its remote, which is empty."""
    from kept_repo import make_kept

    return make_kept(tmp_path_factory.mktemp("kept"), write_world)


@pytest.fixture(scope="session")
def sent(kept, tmp_path_factory):
    """The same, pushed."""
    from kept_repo import send_kept

    return send_kept(kept, tmp_path_factory.mktemp("sent"))


@pytest.fixture
def pushed(sent, tmp_path, monkeypatch):
    """A copy of the pushed repo that a test may change."""
    from kept_repo import copy_kept

    return copy_kept(sent, tmp_path, monkeypatch)
