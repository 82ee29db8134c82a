"""Importing skops without the search that it begins with: what it finds each time is kept on file.

skops trusts scikit-learn's estimators and the functions of NumPy and SciPy by their names. To learn these it imports
every module that scikit-learn has, the tools of its tests included, and then looks for every function in all modules
that are loaded. That is up to a third of what `evaluate` imports. With the same versions it finds the same names, so
they are kept beside this module, as ``tools/write_trusted.py`` writes them; with any others skops searches as ever.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import scipy
import sklearn
import skops

KEPT = Path(__file__).with_name("trusted.json")
"""The names in ``lists``, as skops calls these, and the versions that it was ``found_with``."""
SEARCH = "skops.io._trusted_types"
"""The module of skops that searches, and holds nothing but the lists."""


def import_skops() -> ModuleType:
    """Import ``skops.io``; the names that it trusts come from file where they are known for what is installed."""
    if "skops.io" not in sys.modules:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
        if name_versions() in kept["found_with"]:
            found = ModuleType(SEARCH)
            vars(found).update(kept["lists"])
            sys.modules[SEARCH] = found
    return importlib.import_module("skops.io")


def name_versions() -> str:
    """The versions that decide which names there are: of skops the very one, of what it looks into the minor one."""
    minors = [f"{package.__name__} {'.'.join(package.__version__.split('.')[:2])}" for package in (np, scipy, sklearn)]
    return ", ".join([f"skops {skops.__version__}", *minors])
