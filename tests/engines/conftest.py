"""Servers that tests of engines share."""

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
