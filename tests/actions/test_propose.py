"""From a retraining to a pull request: nothing but the data and the records, and only when the reports say so."""

import pytest

from pavedroad.errors import EvidenceError, UserCodeError
from pavedroad.foundation.forge import Proposed, Remote
from pavedroad.foundation.project import find_project
from pavedroad.report import conclude, judge, write_report
from pavedroad.stages.propose import propose
from pavedroad.stages.refresh import hash_tables, refresh

CONFIG = """
[project]
name = "shop"
owner = "ada@example.org"
[objective]
problem = "regression"
target = "y"
metric = "r2_score"
[data]
train = "data/t.csv"
{refresh}
[model]
features = "own.features:features"
train = "own.model:train"
"""


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
        ("pavedroad/retrain", "main", "Retrain shop on new data")
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
