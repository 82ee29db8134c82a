"""One repo, its GitHub and `act`, as the tests of workflows hold them together."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "acme/umbrella-sales"


def ask(command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Drive:
    """One repo, its GitHub and `act`."""

    def __init__(self, repo, github, act, state, road, outside):
        self.repo, self.github, self.act, self.state = repo, github, act, state
        self.road, self.outside = road, outside

    def edit(self, path, change):
        """Change a file by a function of its text; a string replaces it."""
        file = self.repo / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(change if isinstance(change, str) else change(file.read_text()))
        return self

    def commit(self, message="Change something"):
        for step in (["add", "--all"], ["commit", "--quiet", "--message", message]):
            ask(["git", *step], self.repo, self.outside)
        self.github.receive(self.repo)
        return self

    def run(self, workflow, event, **options):
        return self.act.run(self.repo, workflow, event, state=self.state, **options)

    @property
    def setups(self):
        """What the stand-in for the set-up was given, as `install=working-directory`."""
        return (self.state / "setups").read_bytes().decode().split("\0")[:-1]

    @property
    def comments(self):
        return [comment["body"] for comment in self.github.state.comments.get(7, [])]

    @property
    def writes(self):
        return [(call.method, call.path.rpartition(REPOSITORY)[2], call.status) for call in self.github.state.calls
                if call.method != "GET"]  # fmt: skip
