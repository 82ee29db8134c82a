"""What a model was made with, exactly, and what has changed since."""

from email.message import Message
from importlib.metadata import version

import pytest

from pavedroad.foundation.package.environment import compare_locks, list_packages, write_lock
from pavedroad.foundation.package.licences import find_licences, name_licence


def test_the_packages_of_a_model_come_with_all_they_need():
    found = list_packages({"sklearn"})
    assert found["scikit-learn"] == version("scikit-learn")
    assert {"numpy", "scipy", "joblib", "threadpoolctl", "skops"} <= found.keys()
    assert "pytest" not in found
    assert list(found) == sorted(found)


def test_a_module_of_another_package_brings_that_package():
    assert "jsonschema" not in list_packages({"sklearn"})
    assert {"jsonschema", "attrs"} <= list_packages({"jsonschema"}).keys()


def test_a_module_of_the_repo_itself_brings_nothing():
    assert list_packages({"nobodys_module"}) == list_packages(set())


class Installed:
    """A package's metadata as ``importlib.metadata`` gives it."""

    def __init__(self, **fields):
        self.metadata = Message()
        self.files = []
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                self.metadata[name.replace("_", "-")] = value


MIT = """MIT License

Copyright (c) 2020 A

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated files"""
BSD = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted"
BSD_3 = BSD + " provided that: 1. 2. Neither the name of A nor the names of others"


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT OR Apache-2.0", "License": "GPL"}, "MIT OR Apache-2.0"),
        ({"License": "mit"}, "MIT"),
        ({"License": "Apache License, Version 2.0"}, "Apache-2.0"),
        ({"License": MIT}, "MIT"),
        ({"License": BSD}, "BSD-2-Clause"),
        ({"License": BSD_3}, "BSD-3-Clause"),
        ({"License": f"{MIT}\n{BSD_3}"}, "BSD-3-Clause AND MIT"),
        ({"License": BSD_3 + " x" * 2000 + MIT}, "BSD-3-Clause"),
        ({"License": "Dual License"}, ""),
        ({"License": "Proprietary"}, ""),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"Classifier": ["License :: OSI Approved", "License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, ""),
        ({"Classifier": "License :: OSI Approved :: BSD License", "License": BSD_3}, "BSD-3-Clause"),
        ({"Classifier": ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: BSD License"]}, ""),
        ({"Classifier": "Programming Language :: Python"}, ""),
        ({}, ""),
    ],
)
def test_the_licence_of_a_package_is_told_by_its_metadata_or_not_at_all(fields, licence):
    assert name_licence(Installed(**fields)) == licence


def test_the_licences_of_what_is_installed():
    found = find_licences(["scikit-learn", "pandas", "skops", "nobodys-package"])
    assert found == {"scikit-learn": "BSD-3-Clause", "pandas": "BSD-3-Clause", "skops": "MIT", "nobodys-package": ""}


def test_a_lock_says_the_same_again():
    lock = write_lock({"numpy": "2.0", "pandas": "3.0"})
    assert lock.splitlines()[1:] == ["numpy==2.0", "pandas==3.0"]
    assert compare_locks(lock, lock) == []


def test_what_changed_is_told_in_words():
    then = "# Python 3.11\nnumpy==2.0\npandas==3.0\n"
    now = "# Python 3.12\nnumpy==2.1\nscipy==1.0\n"
    assert compare_locks(then, now) == [
        "Python 3.11 then, 3.12 now",
        "numpy 2.0 then, 2.1 now",
        "pandas 3.0 then, (absent) now",
        "scipy (absent) then, 1.0 now",
    ]
