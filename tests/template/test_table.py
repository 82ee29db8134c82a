"""Tables that cannot be used are refused with the reason; the others arrive byte for byte."""

import os
import re
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException

from pavedroad_template.finish import LARGEST_IN_GIT
from pavedroad_template.table import check_table, name_copy

BAD = {
    "empty": (b"", "is empty"),
    "blank lines": (b"\n\n\n", "no header"),
    "header only": (b"a,target\n", "no rows"),
    "header and blank lines": (b"a,target\n\n\n", "no rows"),
    "no target": (b"a,targets\n1,2\n", "did you mean 'targets'?"),
    "nothing like the target": (b"a,b\n1,2\n", "it begins with 'a', 'b'"),
    "target in other case": (b"a,Target\n1,2\n", "no column 'target'"),
    "target alone": (b"target\n1\n", "no column besides"),
    "a column twice": (b"a,a,target\n1,2,3\n", "more than once"),
    "the target twice": (b"target,a,target\n1,2,3\n", "more than once"),
    "a column without a name": (b"a,,target\n1,2,3\n", "without a name"),
    "Latin-1": ("straße,target\n1,2\n".encode("latin-1"), "not in UTF-8"),
    "a wrong byte at the end": (b"a,target\n" + b"1,2\n" * 400_000 + b"\xff,2\n", "not in UTF-8"),
    "cut within a character": (b"a,target\n1,\xc3", "not in UTF-8"),
    "UTF-16": ("a,target\n1,2\n".encode("utf-16"), "in UTF-8"),
    "zero bytes": (b"a,target\n1,\0\n", "zero bytes"),
    "a quote that never ends": (b'a,target\n"1' + b"x" * 1_100_000, "not a CSV file"),
    "semicolons": (b"a;target\n1;2\n", "no column 'target'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_csv_is_refused(name, tmp_path):
    content, reason = BAD[name]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    said = check_table(path, target="target")
    assert reason in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "content",
    [
        b"a,target\n1,2\n",
        b"a,target\r\n1,2\r\n",
        "a,target\n1,2\n".encode("utf-8-sig"),
        "größe,target\nä,2\n".encode(),
        b"\na,target\n1,2",
        b'"a, quoted",target\n"1\n2",3\n',
        (",".join(f"c{n}" for n in range(5000)) + ",target\n" + "1," * 5000 + "2\n").encode(),
    ],
)
def test_a_good_csv_passes(content, tmp_path):
    path = tmp_path / "table.CSV"
    path.write_bytes(content)
    assert check_table(path, target="target") == ""


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1PAR1", b"not parquet at all", b"PAR1" + b"x" * 50])
def test_a_damaged_parquet_file_is_refused(content, tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(content)
    assert "not a whole Parquet file" in check_table(path, target="target")


def test_what_is_no_table_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "book.xlsx").write_bytes(b"x")
    assert "is not a file" in check_table(tmp_path / "folder.csv", target="t")
    assert "is not a file" in check_table(tmp_path / "pipe.csv", target="t")
    assert ".csv or a .parquet" in check_table(tmp_path / "book.xlsx", target="t")
    assert "there is no file" in check_table(tmp_path / "absent.csv", target="t")
    assert "is not a file" in check_table(Path("/dev/zero"), target="t")


@pytest.mark.parametrize(
    ("given", "copied"),
    [
        ("a b.csv", "a_b.csv"),
        ("Größe;rm -rf.CSV", "Gr_e_rm_-rf.csv"),
        ("-x.parquet", "x.parquet"),
        ("§.csv", "table.csv"),
    ],
)
def test_a_copy_has_a_plain_name(given, copied):
    assert name_copy(Path(given)) == copied


@pytest.mark.parametrize("name", ["no target", "Latin-1", "header only"])
def test_a_bad_table_leaves_nothing(name, bake, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(BAD[name][0])
    with pytest.raises(FailedHookException, match=r"(?s)data: 'table\.csv'"):
        bake(data=str(path), target="target")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [("1,7\n" * 50, "the same value"), ("1,\n" * 50, "empty|null"), ("1,2\n1,2,3\n" * 30, "damaged|row")],
    ids=["constant target", "target all null", "ragged rows"],
)
def test_a_table_that_no_model_can_learn_from_leaves_nothing(rows, reason, bake, tmp_path, capfd):
    path = tmp_path / "table.csv"
    path.write_text("a,target\n" + rows)
    with pytest.raises(FailedHookException):
        bake(data=str(path), target="target")
    said = capfd.readouterr().err
    assert "Refused:" in said
    assert re.search(reason, said)
    assert str(tmp_path / "out") not in said  # that folder is gone by now
    assert not list((tmp_path / "out").iterdir())


def test_a_table_arrives_byte_for_byte(bake, tmp_path):
    content = "größe,target\r\n" + "".join(f'"<< 7 * 7 >> {{{{ {n} }}}}",{n % 5}\r\n' for n in range(60))
    path = tmp_path / "my table.csv"
    path.write_bytes(content.encode())
    repo = bake(data=str(path), target="target")
    assert (repo / "data" / "my_table.csv").read_bytes() == path.read_bytes()
    assert not (repo / "data" / "umbrella_sales.csv").exists()
    assert (repo / "expectations" / "suite.json").stat().st_size > 100


def test_a_path_may_be_relative(bake, tables, monkeypatch):
    monkeypatch.chdir(tables["binary"].parent)
    repo = bake(problem="binary", data="binary.csv", target="target")
    assert (repo / "data" / "binary.csv").read_bytes() == tables["binary"].read_bytes()


def test_a_large_table_is_left_to_dvc(bake, tmp_path, capfd):
    path = tmp_path / "large.csv"
    row = "1." + "5" * 997 + ",{}\n"
    path.write_text("a,target\n" + "".join(row.format(n % 7) for n in range(LARGEST_IN_GIT // 1000 + 10)))
    repo = bake(data=str(path), target="target")
    said = capfd.readouterr().out
    assert "uv run dvc add data/large.csv" in said
    assert (repo / "data" / ".gitignore").read_text() == "/large.csv\n"
    assert (repo / "data" / "large.csv").exists()
