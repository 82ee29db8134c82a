"""Events as GitHub sends them, as far as the road reads them."""

from dataclasses import dataclass, field
from typing import Any

SHA = "5d2c7e91b0a4f3862c1de7509a8b3f64e0c9d217"


@dataclass(frozen=True)
class Event:
    """What starts a workflow: its name, the document that comes with it, and the branch it runs on."""

    name: str
    payload: dict[str, Any] = field(default_factory=dict)


def pull_request(repository: str, *, number: int = 7, head: str | None = None, **texts: str) -> Event:
    """A pull request was opened or pushed to.

    Args:
        repository: where it is opened, as ``owner/name``.
        number: its number.
        head: the repository that its branch lies in; the same one unless given.
        texts: what people wrote: ``title``, ``body``, ``branch``, ``author``, ``label``.
    """
    author = {"login": texts.get("author", "ada"), "type": "User"}
    pull = {
        "number": number,
        "title": texts.get("title", "Look at the wind as well"),
        "body": texts.get("body", "It rains sideways."),
        "user": author,
        "labels": [{"name": texts.get("label", "model")}],
        "head": {
            "ref": texts.get("branch", "wind"),
            "sha": SHA,
            "label": f"{author['login']}:{texts.get('branch', 'wind')}",
            "repo": _describe(head or repository),
        },
        "base": {"ref": "main", "repo": _describe(repository)},
    }
    return Event(
        "pull_request",
        {
            "action": "synchronize",
            "number": number,
            "pull_request": pull,
            "repository": _describe(repository),
            "sender": author,
        },
    )


def fork_request(repository: str, **details: Any) -> Event:  # noqa: ANN401 - passed on
    """A pull request whose branch lies in somebody's fork."""
    name = repository.partition("/")[2]
    return pull_request(repository, head=f"mallory/{name}", **details)


def dispatch(repository: str, **inputs: str) -> Event:
    """Somebody started the workflow by hand."""
    return Event("workflow_dispatch", {"inputs": inputs, "repository": _describe(repository)})


def schedule(repository: str, cron: str = "23 5 * * 1") -> Event:
    """The workflow's time has come."""
    return Event("schedule", {"schedule": cron, "repository": _describe(repository)})


def _describe(repository: str) -> dict[str, Any]:
    owner, _, name = repository.partition("/")
    return {
        "name": name,
        "full_name": repository,
        "default_branch": "main",
        "owner": {"login": owner},
        "fork": owner == "mallory",
    }
