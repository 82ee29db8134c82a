import shutil

import pytest
from small_repo import lay, walk


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A repo that has been to its package; nobody may change it."""
    root = lay(tmp_path_factory.mktemp("finished") / "beans")
    reports = walk(root)
    assert {stage: report.outcome.value for stage, report in reports.items()} == dict.fromkeys(reports, "pass")
    return root


@pytest.fixture
def repo(finished, tmp_path):
    """A copy of such a repo to play with."""
    shutil.copytree(finished, tmp_path / "beans")
    return tmp_path / "beans"
