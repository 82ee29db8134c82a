"""From a retraining to a pull request: nothing but the data and the records, and only when the reports say so."""

import pytest
from settings_text import write_settings

from pavedroad.errors import ConfigError, EvidenceError, UsageError, UserCodeError
from pavedroad.foundation.forge.host import Proposed, Remote
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, conclude, judge, write_report
from pavedroad.stages.propose import propose
from pavedroad.stages.refresh import bring_tables, hash_tables, list_proposed, refresh
from pavedroad.stages.retrain import hand_over

CONFIG = write_settings(
    objective='target = "y"\nmetric = "r2_score"',
    data='train = "data/t.csv"\n{refresh}',
    model='features = "own.features:features"\ntrain = "own.model:train"',
)


@pytest.fixture
def project(tmp_path):
    import subprocess

    root = tmp_path / "repo"
    (root / "data").mkdir(parents=True)
    (root / "data/t.csv").write_text("y\n1\n")
    (root / "pavedroad.toml").write_text(CONFIG.format(refresh=""))
    for step in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Lay it"]):
        subprocess.run(["git", "-C", str(root), *step], check=True)
    return find_project(root)


class Host:
    """What `propose` asks of a host and its forge; the branch goes to a bare repository beside the repo."""

    def __init__(self, remote):
        self.asked, self._remote = [], remote

    def open_forge(self):
        return self

    def default_branch(self):
        return "main"

    def remote(self):
        return Remote(str(self._remote), "X: y")

    def propose(self, proposal):
        self.asked.append(proposal)
        return Proposed(1, "", "written")


@pytest.fixture
def host(tmp_path):
    import subprocess

    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "bare")], check=True)
    return Host(tmp_path / "bare")


def lay(folder, *, won=True, gate=True):
    """A proposal as a retraining lays it down."""
    for stage, ok in (("retrain", won), ("gate", gate)):
        report = conclude(stage, [judge(stage, "It holds", ok=ok)])
        write_report(folder / "reports" / f"{stage}.json", report)
    (folder / "files/data").mkdir(parents=True)
    (folder / "files/data/t.csv").write_text("y\n2\n")
    (folder / "files/dvc.lock").write_text("schema: '2.0'\n")
    return folder


def write(reports):
    return "text"


def list_changes(project, host):
    import subprocess

    head = ["git", "-C", str(host.remote().url), "ls-tree", "-r", "--name-only", "pavedroad/retrain"]
    return subprocess.run(head, capture_output=True, text=True, check=True).stdout.split()


def test_a_proposal_becomes_one_branch_and_one_request(project, host, tmp_path):
    made = propose(project, lay(tmp_path / "p"), host, write)
    assert made.number == 1
    assert [(each.branch, each.base, each.title) for each in host.asked] == [
        ("pavedroad/retrain", "main", "Retrain Sales on new data")
    ]
    assert "close and reopen" in " ".join(host.asked[0].text.split())
    assert list_changes(project, host) == ["data/t.csv", "dvc.lock", "pavedroad.toml"]


def test_what_a_proposal_may_not_change_stays_behind(project, host, tmp_path):
    folder = lay(tmp_path / "p")
    for name in ("pavedroad.toml", "evil.py", ".github/workflows/evil.yml"):
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_text("evil")
    propose(project, folder, host, write)
    assert list_changes(project, host) == ["data/t.csv", "dvc.lock", "pavedroad.toml"]
    import subprocess

    show = ["git", "-C", str(host.remote().url), "show", "pavedroad/retrain:pavedroad.toml"]
    assert "evil" not in subprocess.run(show, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("told", [{"won": False}, {"gate": False}])
def test_reports_that_say_no_open_nothing(project, host, tmp_path, told):
    with pytest.raises(EvidenceError, match="do not speak for this proposal"):
        propose(project, lay(tmp_path / "p", **told), host, write)
    assert host.asked == []


def test_no_reports_open_nothing(project, host, tmp_path):
    (tmp_path / "p").mkdir()
    with pytest.raises(EvidenceError, match="do not speak for this proposal"):
        propose(project, tmp_path / "p", host, write)


def test_a_link_is_not_followed(project, host, tmp_path):
    folder = lay(tmp_path / "p")
    (folder / "files/dvc.lock").unlink()
    (folder / "files/dvc.lock").symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="no links"):
        propose(project, folder, host, write)
    assert host.asked == []


def test_a_linked_folder_is_not_followed(project, host, tmp_path):
    folder = lay(tmp_path / "p")
    (folder / "files/data").rename(tmp_path / "elsewhere")
    (folder / "files/data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceError, match="no links"):
        propose(project, folder, host, write)


def test_what_the_branch_holds_already_is_not_proposed(project, host, tmp_path):
    folder = lay(tmp_path / "p")
    (folder / "files/dvc.lock").unlink()
    (folder / "files/data/t.csv").write_text("y\n1\n")
    assert propose(project, folder, host, write) is None
    assert host.asked == []


def with_refresh(project, line):
    (project.root / "pavedroad.toml").write_text(CONFIG.format(refresh=line))
    return find_project(project.root)


def test_a_refresh_by_command_rewrites_the_table_without_a_shell(project):
    before = hash_tables(project)
    refresh(with_refresh(project, """refresh = ["sh", "-c", "echo $HOME > data/t.csv"]"""), lambda _: None)
    assert hash_tables(project) != before
    refresh(with_refresh(project, """refresh = ["cp", "$(touch canary)", "data/t.csv"]""".replace("cp", "echo")), print)
    assert not (project.root / "canary").exists()


def test_a_refresh_by_function_runs_in_the_repos_folder(project):
    (project.root / "src/fresh").mkdir(parents=True)
    (project.root / "src/fresh/__init__.py").write_text(
        "from pathlib import Path\n\n\ndef bring():\n    Path('data/t.csv').write_text('y\\n3\\n')\n"
    )
    refresh(with_refresh(project, 'refresh = "fresh:bring"'), lambda _: None)
    assert (project.root / "data/t.csv").read_text() == "y\n3\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('refresh = ["false"]', "exit code 1"),
        ('refresh = ["no-such-program"]', "cannot be run"),
        ('refresh = "no.such:function"', "cannot be imported"),
    ],
)
def test_a_refresh_that_fails_says_why(project, line, words):
    with pytest.raises(UserCodeError, match=words):
        refresh(with_refresh(project, line), lambda _: None)


POINTER = "outs:\n- md5: 0cc175b9c0f1b6a831c399e269772661\n  size: 4\n  hash: md5\n  path: t.csv\n"


@pytest.fixture
def kept(project):
    """The same repo, whose table DVC keeps."""
    import subprocess

    (project.root / "data/t.csv.dvc").write_text(POINTER)
    (project.root / "data/.gitignore").write_text("/t.csv\n")
    for step in (["rm", "--quiet", "--cached", "data/t.csv"], ["add", "--all"], ["commit", "--quiet", "-m", "Keep it"]):
        subprocess.run(["git", "-C", str(project.root), *step], check=True)
    return project


def lay_kept(folder, pointer):
    lay(folder)
    (folder / "files/data/t.csv.dvc").write_text(pointer)
    return folder


def test_of_a_table_that_dvc_keeps_the_pointer_is_proposed_and_not_the_table(kept, host, tmp_path):
    assert list_proposed(kept) == ["data/t.csv.dvc"]
    propose(kept, lay_kept(tmp_path / "p", POINTER.replace("0cc1", "0cc2")), host, write)
    assert list_changes(kept, host) == ["data/.gitignore", "data/t.csv.dvc", "dvc.lock", "pavedroad.toml"]


@pytest.mark.parametrize(
    "pointer",
    [
        POINTER + "cmd: touch canary\n",
        POINTER.replace("path: t.csv", "path: ../../.github/workflows/evil.yml"),
        POINTER.replace("path: t.csv", "path: /etc/passwd"),
        POINTER.replace("0cc1", "../."),
        POINTER.replace("size: 4", "size: -4"),
        POINTER.replace("size: 4", "size: yes"),
        POINTER.replace("hash: md5", "hash: sha1"),
        POINTER.replace("  size: 4\n", "  size: 4\n  remote: theirs\n"),
        POINTER + "- md5: 0cc175b9c0f1b6a831c399e269772661\n  path: other\n",
        "wdir: ..\n" + POINTER,
        "outs: []\n",
        "- outs\n",
        "outs: [*x]\n",
        "",
    ],
)
def test_a_pointer_that_is_more_than_a_pointer_is_refused(kept, host, tmp_path, pointer):
    with pytest.raises(ConfigError):
        propose(kept, lay_kept(tmp_path / "p", pointer), host, write)
    assert host.asked == []


def test_a_kept_table_without_a_remote_is_refused_before_anything_is_done(kept):
    with pytest.raises(UsageError, match="no remote that a refreshed one could be pushed to"):
        bring_tables(kept)


def test_a_kept_table_whose_remote_cannot_be_read_is_refused_before_anything_is_done(kept):
    (kept.root / ".dvc").mkdir()
    (kept.root / ".dvc/config").write_text(
        "[core]\n    remote = store\n['remote \"store\"']\n    url = /nowhere/at/all\n"
    )
    (kept.root / "data/t.csv").unlink()
    with pytest.raises(UsageError, match="cannot be had here") as caught:
        bring_tables(kept)
    assert "Retrain where the remote can be read" in caught.value.next_step


@pytest.mark.parametrize("train", ["data", "data/*.csv"])
def test_a_table_of_several_files_is_refused(project, train):
    text = (project.root / "pavedroad.toml").read_text().replace("data/t.csv", train)
    (project.root / "pavedroad.toml").write_text(text)
    with pytest.raises(UsageError, match="is not one file"):
        bring_tables(find_project(project.root))


def test_a_table_in_git_needs_nothing(project):
    bring_tables(project)
    assert list_proposed(project) == ["data/t.csv"]


@pytest.fixture
def pushed(project, tmp_path):
    """The same repo in real DVC, whose table is added and not pushed yet; and the folder of its remote."""
    import subprocess
    import sys
    from pathlib import Path

    dvc, remote = str(Path(sys.executable).with_name("dvc")), tmp_path / "remote"
    for step in (
        ["git", "rm", "--quiet", "--cached", "data/t.csv"],
        [dvc, "init", "--quiet"],
        [dvc, "remote", "add", "--quiet", "--default", "store", str(remote)],
        [dvc, "add", "--quiet", "data/t.csv"],
    ):
        subprocess.run(step, cwd=project.root, check=True, capture_output=True)
    return project, remote


def test_what_dvc_keeps_is_handed_over_before_it_is_proposed(pushed):
    project, remote = pushed
    check = hand_over(project)
    assert (check.outcome, check.id) == (Outcome.PASS, "retrain.pushed")
    assert [path.read_text() for path in remote.rglob("*") if path.is_file()] == ["y\n1\n"]


def test_a_remote_that_cannot_be_written_stops_the_proposal(pushed):
    project, remote = pushed
    remote.write_text("no folder")
    check = hand_over(project)
    assert check.outcome is Outcome.ERROR
    assert "needs a remote that its run may write" in check.reason or "is not complete after the push" in check.reason


def test_a_table_that_dvc_has_not_taken_up_stops_the_proposal(pushed):
    project, remote = pushed
    (project.root / "data/t.csv").write_text("y\n9\n")
    check = hand_over(project)
    assert (check.outcome, check.reason) == (Outcome.ERROR, "DVC did not take up the new data/t.csv.")
    assert not remote.exists(), "Nothing is pushed then."
