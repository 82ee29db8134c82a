"""What every test gets: a home and a git identity of its own, no network, the same random draws each time; and worlds.

A *world* is a dictionary ``{path: text or bytes}`` that stands for a folder. Tests that need a few files say so in the
test, where a reader sees them, and get a fresh folder with exactly those.
"""

import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

World = Mapping[str, str | bytes]

# Tests that draw examples draw the same ones on every machine; how long one takes says nothing about its truth.
settings.register_profile(
    "pavedroad",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # it measures the machine, which may be busy
)
settings.load_profile("pavedroad")

SESSION = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"}
"""What a session tells uv about its own environment: `uv sync` in a generated repo would sync that one, in mid-test."""

IDENTITY = "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"


def pytest_collection_modifyitems(items):
    """Begin with what takes longest: what takes half a minute leaves the other workers idle when it comes last.

    Two workers get a half each, and take from each other's end what is left: so one begins with the journeys, the other
    with the workflows.
    """
    parts = {"journeys": [], "workflows": []}
    others = []
    for item in items:
        parts.get(item.path.relative_to(Path(__file__).parent).parts[0], others).append(item)
    middle = max(0, len(items) // 2 - len(parts["journeys"]))
    items[:] = [*parts["journeys"], *others[:middle], *parts["workflows"], *others[middle:]]


@pytest.fixture(autouse=True, scope="session")
def _home(tmp_path_factory):
    """A home of its own, so that neither the machine's settings nor its caches of DVC and git can decide a test."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(IDENTITY)
    with pytest.MonkeyPatch.context() as patch:
        kept = {"GIT_SSL_CAINFO", "PAVEDROAD_NO_BROWSER"}
        for name in os.environ.keys() - kept:
            if name.startswith(("DVC_", "GIT_", "PAVEDROAD_")) or name in SESSION:
                patch.delenv(name)
        # What is big and found by way of the home stays where it is.
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", str(cache / "uv")))
        patch.setenv("PYENV_ROOT", os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setenv("DVC_GLOBAL_CONFIG_DIR", str(home / "dvc-global"))
        patch.setenv("DVC_SYSTEM_CONFIG_DIR", str(home / "dvc-system"))
        patch.setenv("DVC_SITE_CACHE_DIR", str(home / "dvc-site"))
        yield home


@pytest.fixture(autouse=True, scope="session")
def _interruptible():
    """Hear Ctrl-C: a shell that starts the tests in the background has them, and all they start, ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    """Refuse every connection of this process that leaves the machine."""
    reach = socket.socket.connect

    def connect(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address[0]):
            raise AssertionError(f"A test wanted to reach {address[0]}; tests stay on this machine.")
        return reach(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def write_world(folder: Path, files: World) -> Path:
    """Write the files of a world into a folder and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="session", name="write_world")
def _write_world() -> Callable[[Path, World], Path]:
    """``write_world(folder, {path: text})``, for fixtures that live longer than one test."""
    return write_world


@pytest.fixture
def world(tmp_path) -> Callable[[World], Path]:
    """``world({path: text})`` writes the files into this test's folder and returns the folder; call it again to add."""
    folder = tmp_path / "world"
    folder.mkdir()
    return lambda files: write_world(folder, files)


@pytest.fixture(scope="session")
def load_program() -> Callable[[str], ModuleType]:
    """A program of this project that is no part of its package, such as ``tools/demo.py``, as a module."""

    def load(path: str) -> ModuleType:
        spec = spec_from_file_location(f"project_{Path(path).stem}", Path(__file__).parents[1] / path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
