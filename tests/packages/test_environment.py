"""What a model was made with, exactly, and what has changed since."""

from importlib.metadata import version

from pavedroad.foundation.package.environment import compare_locks, list_packages, write_lock


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
