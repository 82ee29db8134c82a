"""Under which licences the packages of a model may be used, by SPDX name, as their installed metadata says.

The metadata is asked from the clearest word to the least clear one: an SPDX expression (PEP 639), a licence field that
holds a name, the classifiers that name one licence, and last the text of the licence. What stays unclear has no name:
nobody's licence is guessed. Names: https://spdx.org/licenses/, version 3.27.
"""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

HEAD = 2200
"""Characters of a licence's text that are read: what comes later is about what a package bundles."""

_CLASSIFIERS = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
}
"""Classifiers that stand for one licence; "BSD License" and its like name a family, so the text has to tell."""

_NAMES = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "mit license": "MIT",
    "new bsd": "BSD-3-Clause",
    "the mit license": "MIT",
    "the mit license (mit)": "MIT",
}
_IDENTIFIERS = frozenset(
    {*_CLASSIFIERS.values(), *_NAMES.values(), "0BSD", "AFL-2.1", "AFL-3.0", "Artistic-2.0", "BSD-4-Clause", "EPL-2.0",
     "EUPL-1.2", "HPND", "MIT-CMU", "NCSA", "OFL-1.1", "PostgreSQL", "WTFPL"}
)  # fmt: skip

_TEXTS = {
    "Apache-2.0": r"apache license,? version 2\.0",
    "BSD-3-Clause": r"redistribution and use in source and binary forms.*(neither the name|names? of .{,80} may not)",
    "BSD-2-Clause": r"redistribution and use in source and binary forms",
    "MIT": r"permission is hereby granted, free of charge, to any person obtaining a copy of this software and",
    "ISC": r"permission to use, copy, modify, and/?(or)? distribute this software for any purpose with or without fee",
    "MPL-2.0": r"mozilla public license,? version 2\.0",
    "GPL-3.0-only": r"gnu general public license version 3",
    "GPL-2.0-only": r"gnu general public license version 2",
    "LGPL-3.0-only": r"gnu lesser general public license version 3",
    "AGPL-3.0-only": r"gnu affero general public license version 3",
    "Unlicense": r"this is free and unencumbered software released into the public domain",
}


def find_licences(packages: Iterable[str]) -> dict[str, str]:
    """The licence of every package that is named, as an SPDX expression; empty where it cannot be told."""
    return {name: _find_licence(name) for name in packages}


def name_licence(known: Distribution) -> str:
    """The licence of an installed package as an SPDX expression; empty where its metadata does not tell."""
    expression = _read_field(known, "License-Expression")
    if expression:
        return expression
    field = _read_field(known, "License")
    named = {name.casefold(): name for name in _IDENTIFIERS}.get(field.casefold()) or _NAMES.get(field.casefold(), "")
    return named or _read_classifiers(known) or read_licence(field) or read_licence(_read_file(known))


def read_licence(text: str) -> str:
    """The licences that a text states in its beginning, all of which hold; empty when it is none that is known."""
    head = " ".join(re.sub(r"[^\w.,/]+", " ", text[:HEAD]).casefold().split())
    found = [name for name, pattern in _TEXTS.items() if re.search(pattern, head)]
    if "BSD-3-Clause" in found:
        found.remove("BSD-2-Clause")
    return " AND ".join(sorted(found))


def _find_licence(name: str) -> str:
    try:
        return name_licence(distribution(name))
    except PackageNotFoundError:
        return ""


def _read_field(known: Distribution, name: str) -> str:
    return " ".join(known.metadata.get_all(name) or []).strip()


def _read_classifiers(known: Distribution) -> str:
    """The licence that the classifiers name; empty when they name several, or one of them names a family alone."""
    prefix = "License :: "
    said = [entry for entry in known.metadata.get_all("Classifier") or [] if entry.startswith(prefix)]
    names = {entry.removeprefix(prefix).removeprefix("OSI Approved :: ") for entry in said} - {"OSI Approved"}
    return _CLASSIFIERS.get(names.pop(), "") if len(names) == 1 else ""


def _read_file(known: Distribution) -> str:
    """The text of the one licence file that came with a package's metadata; nothing when there are several."""
    paths = [path for path in known.files or [] if path.parts[0].endswith(".dist-info") and _is_licence(path.name)]
    try:
        return paths[0].read_text(encoding="utf-8") if len(paths) == 1 else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _is_licence(name: str) -> bool:
    return name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
