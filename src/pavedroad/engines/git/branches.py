"""git behind ``foundation.forge.branch``: commits by plumbing, pushes whose credentials stand in no command line."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pavedroad.engines.git.program import run_git
from pavedroad.errors import ForgeError, PipelineError
from pavedroad.foundation.forge.branch import Author, Published
from pavedroad.foundation.forge.host import Remote

_SECONDS = 300


def commit(root: Path, files: Mapping[str, Path], message: str, author: Author) -> str | None:
    """Commit files onto HEAD by way of an index of its own."""
    inside = _git(root, "rev-parse", "--show-prefix").strip()
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            "GIT_INDEX_FILE": str(Path(scratch, "index")),
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.mail,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.mail,
        }
        _git(root, "read-tree", "HEAD", environment=environment)
        for path, content in files.items():
            # Without a path no filter that .gitattributes names is run.
            blob = _git(root, "hash-object", "-w", "--no-filters", "--", str(content.resolve())).strip()
            entry = f"100644,{blob},{inside}{path}"
            _git(root, "update-index", "--add", "--cacheinfo", entry, environment=environment)
        tree = _git(root, "write-tree", environment=environment).strip()
        if tree == _git(root, "rev-parse", "HEAD^{tree}").strip():
            return None
        return _git(
            root, "commit-tree", "--no-gpg-sign", "-p", "HEAD", "-m", message, tree, environment=environment
        ).strip()


def publish(root: Path, commit: str, remote: Remote, branch: str, author: Author) -> Published:
    """Push with a lease on what the remote was seen to hold."""
    reference = f"refs/heads/{branch}"
    environment = _authorise(remote)
    listed = _git(root, "ls-remote", remote.url, reference, environment=environment)
    held = listed.split()[0] if listed.strip() else ""
    if held:
        _git(root, "fetch", "--quiet", "--no-tags", remote.url, reference, environment=environment)
        by = _git(root, "log", "-1", "--format=%ce", held).strip()
        if by != author.mail:
            raise ForgeError(
                f"Someone has committed to the branch {branch!r}, so it is left as it is.",
                next_step="Merge or close its pull request and delete the branch; the next run makes it anew.",
            )
        if _describe(root, held) == _describe(root, commit):
            return "unchanged"
    _git(
        root,
        "push",
        "--quiet",
        "--no-verify",
        f"--force-with-lease={reference}:{held}",
        remote.url,
        f"{commit}:{reference}",
        environment=environment,
    )
    return "pushed"


def restore(root: Path, paths: list[str]) -> None:
    """Restore what HEAD knows, and remove what it does not."""
    known = set(_git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *paths).split("\0"))
    for path in paths:
        if path in known:
            _git(root, "restore", "--source=HEAD", "--staged", "--worktree", "--", path)
        else:
            _git(root, "rm", "--quiet", "--force", "--cached", "--ignore-unmatch", "--", path)
            (root / path).unlink(missing_ok=True)


def _describe(root: Path, commit: str) -> list[str]:
    """A commit's tree and parents: what it holds and what it stands on."""
    lines = _git(root, "cat-file", "-p", commit).partition("\n\n")[0].splitlines()
    return [line for line in lines if line.startswith(("tree ", "parent "))]


def _authorise(remote: Remote) -> dict[str, str]:
    return {
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": f"http.{remote.url}.extraHeader",
        "GIT_CONFIG_VALUE_0": remote.header,
        "GIT_CONFIG_KEY_1": "credential.helper",
        "GIT_CONFIG_VALUE_1": "",
        "GIT_CONFIG_KEY_2": "http.followRedirects",
        "GIT_CONFIG_VALUE_2": "false",
    }


def _git(root: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    try:
        answer = run_git(root, *words, environment=environment, seconds=_SECONDS)
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", errors="replace").split())[:300]
        kind = ForgeError if words[0] in {"push", "fetch", "ls-remote"} else PipelineError
        raise kind(f"git {words[0]} failed: {said}.") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PipelineError(f"git {words[0]} could not be run: {error}.") from error
    return answer.decode("utf-8", errors="surrogateescape")
