"""A real PostgreSQL server for tests: a folder and a port of its own, no root, and a password that needs escaping."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import pyarrow as pa
from psycopg import sql

USER, PASSWORD = "road", "se$cret'\"@:/%x"
TYPES = {
    "int64": "bigint",
    "int32": "integer",
    "double": "double precision",
    "float": "real",
    "string": "text",
    "large_string": "text",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[ns]": "timestamp",
    "decimal128(9, 2)": "numeric(9,2)",
    "null": "text",
}


class Server:
    """A server on 127.0.0.1, from ``start`` to ``stop``."""

    def start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pavedroad-postgres-"))
        self._as = {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o644)
        data = self.folder / "data"
        options = ["--username", USER, "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale"]
        self._run(find_program("initdb"), "-D", data, *options, "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", "fsync=off"]
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [find_program("postgres"), "-D", data, "-p", str(self.port), *(f"-c{option}" for option in options)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            **self._as,
        )
        for _ in range(300):
            try:
                self.run("SELECT 1")
                return self
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text(errors="replace"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, *, user=USER, password=PASSWORD, database="postgres", port=None):
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port or self.port}/{database}"

    def connect(self):
        return psycopg.connect(self.address(), autocommit=True, connect_timeout=5)

    def run(self, query):
        with self.connect() as connection:
            connection.execute(query)

    def load(self, name, table: pa.Table, schema="public"):
        """Make a table of the database from one in memory."""
        place = sql.Identifier(schema, name)
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(TYPES[str(field.type)]))
            for field in table.schema
        ]
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(place))
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(place, sql.SQL(", ").join(columns)))
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(place)) as copy:
                for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    copy.write_row(row)

    def _run(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as)
        assert done.returncode == 0, done.stdout + done.stderr


def find_program(name):
    """One of PostgreSQL's own programs; Debian keeps them off the PATH, by version."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    found = shutil.which(name) or (kept[-1] if kept else None)
    assert found, f"There is no {name} here. Install PostgreSQL's server, on Debian with: apt-get install postgresql."
    return found
