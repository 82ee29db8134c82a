"""Talking to GitHub, and making the branch of a retraining: against the fake one, and git's own server."""

import os
import subprocess

import pytest

from pavedroad.engines.git import branches as git_branches
from pavedroad.engines.github.rest import GitHub
from pavedroad.errors import ForgeError
from pavedroad.foundation.forge.branch import Author
from pavedroad.foundation.forge.host import Proposal, Remote
from pavedroad.testing.github import BOT, READ_ONLY, TOKEN, FakeGitHub

NAME = "acme/shop"
MARK = "<!-- mark -->"
ROAD = Author("road", "road@example.org")


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "data.csv").write_text("a\n1\n")
    (folder / "kept.txt").write_text("kept\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Lay it")
    return folder


@pytest.fixture
def fake(tmp_path, repo):
    with FakeGitHub(tmp_path / "github", NAME) as github:
        github.receive(repo)
        yield github


@pytest.fixture
def forge(fake):
    return GitHub(api=f"{fake.url}/api", server=fake.url, repository=NAME, token=TOKEN)


def git(folder, *words):
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_comment_is_written_rewritten_and_left_alone_when_it_says_the_same(forge, fake):
    assert [forge.say(7, MARK, text) for text in ("one", "two", "two")] == ["written", "rewritten", "unchanged"]
    assert [comment["body"] for comment in fake.state.comments[7]] == [f"{MARK}\ntwo"]


def test_our_comment_is_found_behind_hundreds_of_others(forge, fake):
    forge.say(7, MARK, "one")
    ours = fake.state.comments[7].pop()
    for number in range(230):
        fake.comment(7, f"{MARK}\n{number}", {"login": "ada", "type": "User"})
    fake.state.comments[7].append(ours)
    assert forge.say(7, MARK, "two") == "rewritten"
    assert ours["body"] == f"{MARK}\ntwo"


def test_a_person_who_bears_the_bots_name_is_not_the_bot(forge, fake):
    fake.comment(7, f"{MARK}\nx", {"login": BOT["login"], "type": "User"})
    assert forge.say(7, MARK, "one") == "written"


def test_a_token_that_may_not_write_is_refused_and_said_to_be(fake):
    reader = GitHub(api=f"{fake.url}/api", server=fake.url, repository=NAME, token=READ_ONLY)
    with pytest.raises(ForgeError, match="403") as caught:
        reader.say(7, MARK, "one")
    assert caught.value.refused


def test_a_forge_that_is_gone_is_no_refusal():
    gone = GitHub(api="http://127.0.0.1:9/api", server="http://127.0.0.1:9", repository=NAME, token=TOKEN)
    with pytest.raises(ForgeError, match="cannot be reached") as caught:
        gone.say(7, MARK, "one")
    assert not caught.value.refused
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("repository", ["", "acme", "acme/shop/x", "acme/../x y", "a b/c"])
def test_a_repository_that_is_none_is_refused(repository):
    with pytest.raises(ForgeError, match="which repository"):
        GitHub(api="http://127.0.0.1:9", server="http://127.0.0.1:9", repository=repository, token=TOKEN)


def test_a_redirect_is_not_followed_with_the_token(fake, forge, monkeypatch):
    monkeypatch.setattr(fake, "_decide", lambda *_: (302, {"message": "elsewhere"}))
    with pytest.raises(ForgeError, match="302"):
        forge.say(7, MARK, "one")


def change(repo, text):
    new = repo.parent / "new.csv"
    new.write_text(text)
    return {"data.csv": new}


def test_a_commit_is_made_beside_the_work_tree_and_index(repo):
    before = git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")
    made = git_branches.commit(repo, change(repo, "a\n2\n"), "Retrain", ROAD)
    assert (git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")) == before
    assert git(repo, "show", f"{made}:data.csv") == "a\n2\n"
    assert git(repo, "show", f"{made}:kept.txt") == "kept\n"
    assert git(repo, "log", "-1", "--format=%an %ce %s", made).strip() == "road road@example.org Retrain"


def test_nothing_new_makes_no_commit(repo):
    assert git_branches.commit(repo, change(repo, "a\n1\n"), "Retrain", ROAD) is None


def test_a_repo_in_a_folder_of_the_checkout_commits_in_its_folder(repo):
    (repo / "models").mkdir()
    made = git_branches.commit(repo / "models", change(repo, "a\n2\n"), "Retrain", ROAD)
    assert git(repo, "show", f"{made}:models/data.csv") == "a\n2\n"
    assert git(repo, "show", f"{made}:data.csv") == "a\n1\n"


def test_a_filter_that_the_repo_names_is_not_run(repo, tmp_path):
    (repo / ".gitattributes").write_text("*.csv filter=evil\n")
    git(repo, "config", "filter.evil.clean", f"touch {tmp_path / 'canary'}; cat")
    git_branches.commit(repo, change(repo, "a\n2\n"), "Retrain", ROAD)
    assert not (tmp_path / "canary").exists()


def test_a_branch_is_pushed_once_and_a_persons_work_is_left_alone(repo, fake, forge):
    made = git_branches.commit(repo, change(repo, "a\n2\n"), "Retrain", ROAD)
    said = [git_branches.publish(repo, made, forge.remote(), "road/x", ROAD) for _ in range(2)]
    assert said == ["pushed", "unchanged"]
    assert fake.branches()["road/x"] == made
    newer = git_branches.commit(repo, change(repo, "a\n3\n"), "Retrain", ROAD)
    assert git_branches.publish(repo, newer, forge.remote(), "road/x", ROAD) == "pushed"
    theirs = git_branches.commit(repo, change(repo, "a\n4\n"), "Look", Author("Ada", "ada@example.org"))
    git(repo, "push", "--quiet", "--force", str(fake.bare), f"{theirs}:refs/heads/road/x")
    with pytest.raises(ForgeError, match="Someone has committed"):
        git_branches.publish(repo, newer, forge.remote(), "road/x", ROAD)
    assert fake.branches()["road/x"] == theirs


def test_a_push_without_the_right_is_refused_and_the_token_is_not_told(repo, fake):
    made = git_branches.commit(repo, change(repo, "a\n2\n"), "Retrain", ROAD)
    reader = GitHub(api=f"{fake.url}/api", server=fake.url, repository=NAME, token=READ_ONLY).remote()
    with pytest.raises(ForgeError) as caught:
        git_branches.publish(repo, made, reader, "road/x", ROAD)
    assert reader.header.rpartition(" ")[2] not in str(caught.value)
    assert fake.branches().keys() == {"main"}


def test_the_token_stands_in_no_command_line(repo, fake, forge, monkeypatch):
    seen = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **rest: (seen.append(command), run(command, **rest))[1])
    made = git_branches.commit(repo, change(repo, "a\n2\n"), "Retrain", ROAD)
    git_branches.publish(repo, made, forge.remote(), "road/x", ROAD)
    assert any("push" in command for command in seen)
    assert not [command for command in seen if forge.remote().header.rpartition(" ")[2] in " ".join(map(str, command))]
    assert "extraheader" not in git(repo, "config", "--list").lower()


def test_one_proposal_is_opened_rewritten_and_left_alone(repo, fake, forge):
    git(repo, "push", "--quiet", str(fake.bare), "HEAD:refs/heads/road/x")
    said = [
        forge.propose(Proposal("road/x", "main", "Title", text)) for text in ("one", "two", "two")
    ]  # fmt: skip
    assert [made.said for made in said] == ["written", "rewritten", "unchanged"]
    assert len({made.number for made in said}) == len(fake.state.pulls) == 1


def test_files_and_index_come_back(repo):
    (repo / "data.csv").write_text("changed")
    (repo / "dvc.lock").write_text("new")
    git(repo, "add", "--all")
    git_branches.restore(repo, ["data.csv", "dvc.lock", "absent"])
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / "data.csv").read_text() == "a\n1\n"
    assert not (repo / "dvc.lock").exists()


def test_a_remote_carries_its_header_and_address(forge, fake):
    assert forge.remote().url == f"{fake.url}/{NAME}.git"
    assert isinstance(forge.remote(), Remote)
    assert "GIT_CONFIG_COUNT" not in os.environ
