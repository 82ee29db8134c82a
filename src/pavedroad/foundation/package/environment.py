"""What a model was made with: the exact versions of the packages that reading and asking it needs."""

import contextlib
import platform
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions

_ALWAYS = ("msgspec", "numpy", "pandas", "pavedroad", "pyarrow", "scikit-learn", "skops")
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?[^;]*(?:;(.*))?$")


def list_packages(modules: set[str]) -> dict[str, str]:
    """The version of every package that the named modules need, directly or not, by its normalised name.

    Args:
        modules: top-level modules that the model's types come from, for example ``{"sklearn", "xgboost"}``.
    """
    homes = packages_distributions() if modules - {"builtins", "numpy", "pandas", "scipy", "sklearn"} else {}
    wanted = [*_ALWAYS, *(name for module in sorted(modules) for name in homes.get(module, []))]
    found: dict[str, str] = {}
    while wanted:
        name = _normalise(wanted.pop())
        if name in found:
            continue
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = known.version
        wanted += _read_needs(known)
    return dict(sorted(found.items()))


def find_versions(names: Iterable[str]) -> dict[str, str]:
    """The versions that the named packages have here; what is not installed is left out."""
    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = distribution(name).version
    return found


def write_lock(packages: dict[str, str]) -> str:
    """The packages as a file of constraints that pip and uv understand, with the Python they ran on.

    Python stands with its minor version alone: its patches change no result, and two machines seldom have the same.
    """
    minor = ".".join(platform.python_version_tuple()[:2])
    return f"# Python {minor}\n" + "".join(f"{name}=={version}\n" for name, version in packages.items())


def compare_locks(then: str, now: str) -> list[str]:
    """In words, what differs between two locks; nothing when they are the same."""
    before, after = _read_lock(then), _read_lock(now)
    return [
        f"{name} {before.get(name, '(absent)')} then, {after.get(name, '(absent)')} now"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _read_needs(known: Distribution) -> list[str]:
    """What a package needs unconditionally, or under a condition that is not one of its extras."""
    needs = []
    for line in known.requires or []:
        found = _REQUIREMENT.match(line)
        if found and "extra" not in (found[2] or ""):
            needs.append(found[1])
    return needs


def _read_lock(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        if line.startswith("# Python "):
            found["Python"] = line.removeprefix("# Python ").strip()
        elif "==" in line:
            name, _, version = line.partition("==")
            found[name.strip()] = version.strip()
    return found


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
