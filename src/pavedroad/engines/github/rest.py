"""GitHub's REST interface behind ``foundation.forge.host.Forge``: comments, pull requests, and where to push."""

import base64
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from pavedroad.errors import ForgeError
from pavedroad.foundation.forge.host import Proposal, Proposed, Remote, Said

ME = "github-actions[bot]"
"""Who writes with a workflow's own token. A comment of anyone else is never touched, whatever it says."""

SECONDS = 30
TRIES = 3
LARGEST_ANSWER = 20 * 1024 * 1024
MOST_PAGES = 30
_PER_PAGE = 100
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_PASSING = {429, 500, 502, 503, 504}


class GitHub:
    """One repository on GitHub."""

    def __init__(self, *, api: str, server: str, repository: str, token: str) -> None:
        if not _REPOSITORY.fullmatch(repository) or not api.startswith(("https://", "http://")):
            raise ForgeError("The runner does not say which repository on which GitHub this is.")
        self._api = f"{api.rstrip('/')}/repos/{repository}"
        self._server = server.rstrip("/")
        self._repository = repository
        self._token = token

    def say(self, change: int, mark: str, text: str) -> Said:
        """Keep one comment of ours below a pull request up to date."""
        body = f"{mark}\n{text}"
        for comment in self._walk(f"/issues/{change}/comments"):
            if _is_mine(comment) and str(comment.get("body", "")).startswith(mark):
                if comment["body"].strip() == body.strip():
                    return "unchanged"
                self._ask("PATCH", f"/issues/comments/{int(comment['id'])}", {"body": body})
                return "rewritten"
        self._ask("POST", f"/issues/{change}/comments", {"body": body})
        return "written"

    def propose(self, proposal: Proposal) -> Proposed:
        """Open a pull request, or rewrite the open one that goes from the same branch to the same base."""
        owner = self._repository.partition("/")[0]
        query = f"/pulls?state=open&head={owner}:{proposal.branch}&base={proposal.base}&per_page={_PER_PAGE}"
        for pull in self._ask("GET", query) or []:
            number = int(pull["number"])
            if (pull.get("title"), (pull.get("body") or "").strip()) == (proposal.title, proposal.text.strip()):
                return Proposed(number, str(pull.get("html_url", "")), "unchanged")
            self._ask("PATCH", f"/pulls/{number}", {"title": proposal.title, "body": proposal.text})
            return Proposed(number, str(pull.get("html_url", "")), "rewritten")
        made = self._ask(
            "POST",
            "/pulls",
            {"title": proposal.title, "body": proposal.text, "head": proposal.branch, "base": proposal.base},
        )
        return Proposed(int(made["number"]), str(made.get("html_url", "")), "written")

    def remote(self) -> Remote:
        """The repository over HTTP, and the header that a workflow's token goes in."""
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return Remote(url=f"{self._server}/{self._repository}.git", header=f"AUTHORIZATION: basic {basic}")

    def _walk(self, path: str) -> Iterator[dict[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            found = self._ask("GET", f"{path}?per_page={_PER_PAGE}&page={page}") or []
            yield from (item for item in found if isinstance(item, dict))
            if len(found) < _PER_PAGE:
                return

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401
        """One request; a reading one is tried again when the fault is a passing one.

        Raises:
            ForgeError: GitHub refused (``refused`` is then true), is not reachable or answered with nonsense.
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self._api + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "pavedroad",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        for left in reversed(range(TRIES)):
            try:
                with _OPENER.open(request, timeout=SECONDS) as answer:
                    return json.loads(answer.read(LARGEST_ANSWER) or b"null")
            except urllib.error.HTTPError as error:
                if error.code in _PASSING and method == "GET" and left:
                    time.sleep(1)
                    continue
                raise ForgeError(
                    f"GitHub answered {method} {path.partition('?')[0]} with {error.code} {error.reason}.",
                    refused=error.code in {401, 403, 404},
                    next_step="Does the workflow's caller grant the permissions that the workflow asks for?",
                ) from error
            except (OSError, ValueError) as error:
                if method == "GET" and left:
                    time.sleep(1)
                    continue
                raise ForgeError(f"GitHub cannot be reached: {error}.") from error
        raise AssertionError  # the last try returns or raises


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token must not travel to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's interface
        return None


_OPENER = urllib.request.build_opener(_Stay)


def _is_mine(comment: dict[str, Any]) -> bool:
    user = comment.get("user")
    return isinstance(user, dict) and user.get("login") == ME and user.get("type") == "Bot"
