"""Servers that tests of engines share."""

import pytest


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own, stopped at the end."""
    from postgres_server import Server

    server = Server()
    try:
        yield server.start()
    finally:
        server.stop()
