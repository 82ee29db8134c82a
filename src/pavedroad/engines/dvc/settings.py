"""DVC's own settings, read without DVC, whose import takes longer than all that is asked here."""

import configparser
import os
import sys
from pathlib import Path

from pavedroad.errors import ConfigError

CONFIG, LOCAL = ".dvc/config", ".dvc/config.local"

_REMOTE = "remote "

Sections = dict[str, dict[str, str]]


def find_cache(root: Path) -> Path:
    """The folder of DVC's cache: ``.dvc/cache``, unless a settings file names another; the nearest file wins.

    Raises:
        ConfigError: a settings file is not one.
    """
    found = root / ".dvc" / "cache"
    for file in (*_list_machine_files(), root / CONFIG, root / LOCAL):
        folder = read_settings(file).get("cache", {}).get("dir")
        if folder:
            found = file.parent / Path(folder).expanduser()
    return found


def find_trusting(root: Path) -> list[str]:
    """The remotes in the repo's own settings that are trusted to deliver what was put there (no ``verify = true``).

    Raises:
        ConfigError: the settings file is not one.
    """
    return [
        section.removeprefix(_REMOTE)
        for section, values in read_settings(root / CONFIG).items()
        if section.startswith(_REMOTE) and values.get("verify", "").lower() != "true"
    ]


def find_remote(root: Path) -> str:
    """The name of the default remote; the nearest file wins, and an empty name means that there is none.

    Raises:
        ConfigError: a settings file is not one.
    """
    found = ""
    for file in (*_list_machine_files(), root / CONFIG, root / LOCAL):
        found = read_settings(file).get("core", {}).get("remote", found)
    return found


def read_settings(path: Path) -> Sections:
    """A settings file of DVC's, section by section; a remote's section is called ``remote <name>``.

    Raises:
        ConfigError: it is not one.
    """
    parser = configparser.RawConfigParser(strict=False, empty_lines_in_values=False)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"This is not a settings file of DVC's: {reason}.", where=path) from error
    except OSError as error:
        raise ConfigError(f"The settings of DVC cannot be read: {error.strerror}.", where=path) from error
    found: Sections = {}
    for section in parser.sections():
        name = _unquote(section).replace('"', "")
        values = {key: _unquote(value.split(" #")[0].strip()) for key, value in parser.items(section)}
        found[name if name.startswith(_REMOTE) else name.lower()] = values
    return found


def _list_machine_files() -> list[Path]:
    """The settings of the machine and of the user, in the order in which they give way."""
    home = Path(os.environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        machine, user = Path("/Library/Application Support/dvc"), home / "Library" / "Application Support" / "dvc"
    else:
        machine = Path((os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)[0], "dvc")
        user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "dvc")
    machine = Path(os.environ.get("DVC_SYSTEM_CONFIG_DIR") or machine)
    user = Path(os.environ.get("DVC_GLOBAL_CONFIG_DIR") or user)
    return [machine / "config", user / "config"]


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
