"""A fake GitHub on loopback: the REST calls that the road makes, and git over HTTP by git's own server.

It keeps what it is told, as GitHub would, and writes down every call. A token may write unless it is read-only; without
one nothing is answered.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_fakefakefakefakefakefakefakefake0001"  # noqa: S105 - a fake one, long enough not to be masked everywhere
READ_ONLY = "ghs_fakefakefakefakefakefakefakefake0002"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_LONGEST_COMMENT = 65_536

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Call:
    """One request to the REST interface."""

    method: str
    path: str
    body: dict[str, Any]
    status: int


@dataclass
class State:
    """What the fake GitHub knows."""

    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    ids: int = 1000


class FakeGitHub:
    """One repository on a GitHub of its own.

    Args:
        folder: where its git repositories lie.
        repository: ``owner/name``.
    """

    def __init__(self, folder: Path, repository: str) -> None:
        self.repository = repository
        self.state = State()
        self._root = folder / "git"
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address that ``GITHUB_SERVER_URL`` and, with ``/api``, ``GITHUB_API_URL`` get."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def bare(self) -> Path:
        """The repository as GitHub holds it."""
        return self._root / f"{self.repository}.git"

    def receive(self, repo: Path) -> None:
        """Take a repository as it stands, its branches and commits."""
        shutil.rmtree(self.bare, ignore_errors=True)
        self.bare.parent.mkdir(parents=True, exist_ok=True)
        _git("clone", "--quiet", "--bare", str(repo), str(self.bare))
        _git("-C", str(self.bare), "config", "http.receivepack", "true")

    def branches(self) -> dict[str, str]:
        """Each branch and its commit."""
        listed = _git("-C", str(self.bare), "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        return dict(line.split() for line in listed.splitlines())

    def comment(self, number: int, body: str, user: dict[str, str]) -> dict[str, Any]:
        """Let somebody write a comment."""
        made = {"id": self._next(), "body": body, "user": user}
        self.state.comments.setdefault(number, []).append(made)
        return made

    def answer(self, method: str, target: str, token: str, body: dict[str, Any]) -> Answer:
        """Answer one call as GitHub would, and write it down."""
        parts = urlsplit(target)
        with self._lock:
            status, found = self._decide(method, parts.path, parse_qs(parts.query), token, body)
            self.state.calls.append(Call(method, parts.path, body, status))
        return status, found

    def _decide(self, method: str, path: str, query: dict[str, list[str]], token: str, body: dict[str, Any]) -> Answer:
        if token not in {TOKEN, READ_ONLY}:
            return 401, {"message": "Bad credentials"}
        prefix = f"/api/repos/{self.repository}"
        if not path.startswith(prefix):
            return 404, {"message": "Not Found"}
        if method != "GET" and token == READ_ONLY:
            return 403, {"message": "Resource not accessible by integration"}
        place = path.removeprefix(prefix)
        for wanted, pattern, reply in self._routes():
            found = re.fullmatch(pattern, place)
            if found and wanted == method:
                return reply(*map(int, found.groups()), query=query, body=body)
        return 404, {"message": "Not Found"}

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("GET", r"/issues/(\d+)/comments", self._list_comments),
            ("POST", r"/issues/(\d+)/comments", self._add_comment),
            ("PATCH", r"/issues/comments/(\d+)", self._edit_comment),
            ("GET", r"/pulls", self._list_pulls),
            ("POST", r"/pulls", self._add_pull),
            ("PATCH", r"/pulls/(\d+)", self._edit_pull),
        ]

    def _list_comments(self, number: int, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
        return 200, self.state.comments.get(number, [])[size * (page - 1) : size * page]

    def _add_comment(self, number: int, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        if len(body.get("body", "")) > _LONGEST_COMMENT:
            return 422, {"message": "Body is too long (maximum is 65536 characters)"}
        return 201, self.comment(number, body["body"], BOT)

    def _edit_comment(self, id_: int, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        for comment in (comment for comments in self.state.comments.values() for comment in comments):
            if comment["id"] == id_:
                comment["body"] = body["body"]
                return 200, comment
        return 404, {"message": "Not Found"}

    def _list_pulls(self, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        wanted = {name: query.get(name, [""])[0] for name in ("state", "head", "base")}
        owner = self.repository.partition("/")[0]
        return 200, [
            pull
            for pull in self.state.pulls
            if wanted["state"] in {"", "all", pull["state"]}
            and wanted["head"] in {"", f"{owner}:{pull['head']['ref']}"}
            and wanted["base"] in {"", pull["base"]["ref"]}
        ]

    def _add_pull(self, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        same = (body["head"], body["base"])
        if same in {(pull["head"]["ref"], pull["base"]["ref"]) for pull in self.state.pulls if pull["state"] == "open"}:
            return 422, {"message": f"A pull request already exists for {body['head']}."}
        if not set(same) <= self.branches().keys():
            return 422, {"message": "Validation Failed: head or base is invalid"}
        number = self._next()
        made = {
            "number": number,
            "state": "open",
            "title": body["title"],
            "body": body["body"],
            "head": {"ref": body["head"]},
            "base": {"ref": body["base"]},
            "user": BOT,
            "html_url": f"{self.url}/{self.repository}/pull/{number}",
        }
        self.state.pulls.append(made)
        return 201, made

    def _edit_pull(self, number: int, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:  # noqa: ARG002
        for pull in self.state.pulls:
            if pull["number"] == number:
                pull.update(body)
                return 200, pull
        return 404, {"message": "Not Found"}

    def _next(self) -> int:
        self.state.ids += 1
        return self.state.ids

    def serve_git(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Let git's own server answer; to push needs a token that may write."""
        parts = urlsplit(request.path)
        token = _read_basic(request.headers.get("Authorization", ""))
        pushes = "git-receive-pack" in request.path
        if pushes and token != TOKEN:
            return (403 if token == READ_ONLY else 401), {"WWW-Authenticate": 'Basic realm="fake"'}, b""
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self._root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "x-access-token",
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)  # noqa: S607
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
        return int(headers.pop("Status", "200").split()[0]), headers, content


def _make_handler(github: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self._read_body()
            if ".git/" in self.path:
                status, headers, content = github.serve_git(self, body)
            else:
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, found = github.answer(self.command, self.path, token, json.loads(body or b"{}"))
                headers, content = {"Content-Type": "application/json"}, json.dumps(found).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def _read_body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def log_message(self, *_: object) -> None:
            """Stay quiet; the calls are written down."""

    return Handler


def _read_basic(header: str) -> str:
    try:
        return base64.b64decode(header.partition(" ")[2]).decode().partition(":")[2]
    except ValueError:
        return ""


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, check=True, text=True)  # noqa: S603, S607
    return done.stdout
