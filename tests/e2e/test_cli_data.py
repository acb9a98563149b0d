"""Data from a shell: looked at, imported, changed, compared, exported and deleted on a whole, real stack."""

import csv
import json
import random
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

CLASSES = ("heron", "wren")


@pytest.fixture
def project(modelyard, tmp_path: Path) -> str:
    return modelyard("projects", "create", f"Shell {tmp_path.name}").strip()


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """A folder of eight pictures and one file that is none."""
    colour = random.Random(7)
    for name in CLASSES:
        folder = tmp_path / "birds" / name
        folder.mkdir(parents=True)
        for row in range(4):
            Image.new("RGB", (40, 30), (row, colour.randrange(256), len(name))).save(folder / f"{row}.png")
    (tmp_path / "birds" / "wren" / "broken[red].png").write_bytes(b"no picture")
    return tmp_path / "birds"


def _dataset(modelyard, project: str, name: str) -> dict:
    listed = json.loads(modelyard("datasets", "list", project, "--json"))
    (found,) = (each for each in listed if each["name"] == name)
    return found


def _numbers(said: str, row: str) -> list[int]:
    """What a table has behind the name of a row."""
    (line,) = (line for line in said.splitlines() if line.strip().startswith(f"{row} "))
    return [int(word) for word in line.split()[1:]]


def test_a_folder_is_looked_at_imported_and_reported(modelyard, project, birds: Path, tmp_path: Path):
    seen = modelyard("datasets", "detect", birds, "--thorough")
    dry = modelyard("datasets", "import", project, birds, "--dry-run")
    assert json.loads(modelyard("datasets", "list", project, "--json")) == []
    for said in (seen, dry):
        assert "format class_folders, task classification" in said
        assert (_numbers(said, "heron"), _numbers(said, "wren")) == ([4], [4])
        assert _numbers(said, "samples") == [9, 8, 1, 0, 0]
        assert "rejected wren/broken[red].png" in said

    sent = seen.split("upload:")[1].split()[0]
    imported = modelyard("datasets", "import", project, f"upload:{sent}")

    dataset = _dataset(modelyard, project, "birds")
    assert f"{dataset['id']}: 8 of 9 samples imported" in imported
    assert _numbers(imported, "samples") == _numbers(imported, "annotations") == [9, 8, 1, 0, 0]
    assert "rejected  image_unreadable  sample  1" in imported
    modelyard("datasets", "report", dataset["id"], "--csv", tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["outcome"]) == ("wren/broken[red].png", "rejected")
    assert modelyard("datasets", "preview", dataset["id"]).count("40×30") == 5


def test_a_dataset_grows_changes_and_comes_back(modelyard, project, birds: Path):
    modelyard("datasets", "import", project, birds, "--name", "Birds")
    dataset = _dataset(modelyard, project, "Birds")["id"]
    assert "180 of 180 samples imported" in modelyard("datasets", "add", dataset, "sample:shapes")
    listed = json.loads(modelyard("samples", "list", dataset, "--label", "wren", "--json"))
    first, second, third, _ = (each["id"] for each in listed)

    assert "is heron" in modelyard("samples", "annotate", first, "--label", "heron")
    assert "186 samples" in modelyard("samples", "delete", second, third, "--yes")
    assert "wren" in (said := modelyard("datasets", "diff", dataset, 4, "--against", 2))
    assert "0 added, 2 removed, 1 changed" in said and _numbers(said, "wren") == [4, 1]
    assert "version 5: 8 samples" in modelyard("datasets", "restore", dataset, 1)

    versions = json.loads(modelyard("datasets", "versions", dataset, "--json"))
    assert [(each["version"], each["num_samples"]) for each in versions] == [
        (5, 8),
        (4, 186),
        (3, 188),
        (2, 188),
        (1, 8),
    ]
    stats = json.loads(modelyard("datasets", "stats", dataset, "--json"))
    assert {each["name"]: each["count"] for each in stats["classes"]} == {"heron": 4, "wren": 4}
    assert "8 samples, 8 annotations" in modelyard("datasets", "stats", dataset)


def test_an_export_has_the_same_bytes_and_can_be_imported_again(
    modelyard, project, birds: Path, tmp_path: Path
):
    modelyard("datasets", "import", project, birds)
    dataset = _dataset(modelyard, project, "birds")["id"]
    said = modelyard("datasets", "export", dataset, "--format", "class_folders", "--out", tmp_path)
    (archive,) = tmp_path.glob("*.zip")

    assert f"{archive}: 8 samples" in said and "SHA-256" in said and "no place" not in said
    with zipfile.ZipFile(archive) as packed:
        exported = Counter(packed.read(name) for name in packed.namelist() if name.endswith(".png"))
    assert exported == Counter(path.read_bytes() for path in birds.rglob("[0-9].png"))
    assert "8 of 8 samples imported" in modelyard("datasets", "import", project, archive, "--name", "again")
    lossy = modelyard("datasets", "export", dataset, "--format", "voc", "--out", tmp_path / "voc.zip")
    assert "voc has no place for 8 things" in lossy


@pytest.mark.parametrize(
    ("source", "format"),
    [
        ("sample:shapes", "class_folders"),
        ("sample:shapes-detection", "coco"),
        ("sample:captions", "image_text"),
        ("sample:sentences", "jsonl"),
        ("sample:measurements", "csv"),
    ],
)
def test_sample_data_is_imported_by_its_name(modelyard, project, source: str, format: str):
    said = modelyard("datasets", "import", project, source)
    found = _dataset(modelyard, project, source.partition(":")[2])
    num_samples = found["num_samples"]
    assert num_samples >= 50 and f"{num_samples} of {num_samples} samples imported" in said
    assert (found["status"], found["format"]) == ("ready", format)
    assert f"{num_samples} samples" in modelyard("datasets", "stats", found["id"])
    assert format in modelyard("datasets", "formats")


def test_a_table_is_read_as_its_columns_are_told(modelyard, project, tmp_path: Path):
    table = tmp_path / "weights.csv"
    rows = [f"{row};{'wren' if row % 2 else 'heron'};{row / 7:.3f}" for row in range(10)]
    table.write_text("\n".join(["nr;bird;grams", *rows, "10;wren;heavy"]))
    told = ("--column", "label=bird", "--column", "target=grams", "--option", "delimiter=;")

    seen = modelyard("datasets", "detect", table, *told)
    said = modelyard("datasets", "import", project, table, *told)

    assert (_numbers(seen, "heron"), "weights.csv, row 12" in seen) == ([5], True)
    assert _numbers(said, "samples")[0] == 11
    wrong = modelyard(
        "datasets", "import", project, table, "--name", "x", "--column", "label=species", status=1
    )
    assert "species" in wrong and "Traceback" not in wrong


def test_a_raw_dataset_is_prepared_renamed_and_deleted_by_its_name(modelyard, project):
    said = modelyard("datasets", "import", project, "sample:shapes", "--raw", "--name", "Shapes")
    dataset = _dataset(modelyard, project, "Shapes")
    assert dataset["status"] == "raw" and f"modelyard datasets prepare {dataset['id']}" in said
    assert "180 of 180" in modelyard("datasets", "prepare", dataset["id"], "--adapter", "class_folders")
    assert modelyard("datasets", "rename", dataset["id"], "Forms").strip() == "Forms"

    refused = modelyard("datasets", "delete", dataset["id"], typed="Shapes\n", status=1)
    assert "nothing was deleted" in refused
    modelyard("datasets", "delete", dataset["id"], typed="Forms\n")
    assert json.loads(modelyard("datasets", "list", project, "--json")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "PROJECT", "/nowhere/birds.zip"), "there is no file or folder /nowhere/birds.zip"),
        (("import", "PROJECT", "path:/etc"), "does not lie below what the operator allows"),
        (("import", "PROJECT", "sample:nothing"), "there is no sample data 'nothing'"),
        (("import", "PROJECT", "http://127.0.0.1:1/x.zip"), "127.0.0.1"),
        (("import", "PROJECT", "s3://x"), "write it as s3://bucket/prefix"),
        (("import", "PROJECT", "sample:shapes", "--format", "nope"), "there is no format 'nope'"),
        (("import", "PROJECT", "sample:shapes", "--option", "delimiter=ab"), "delimiter: "),
        (("import", "PROJECT", "sample:shapes", "--name", " "), "name: "),
        (("report", "PROJECT"), "does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(modelyard, project, words, said):
    answer = modelyard("datasets", *(project if word == "PROJECT" else word for word in words), status=1)
    assert said in answer and "Traceback" not in answer
    assert len(answer.strip().splitlines()) <= 2


def test_a_failed_import_shows_what_it_found(modelyard, project, tmp_path: Path):
    folder = tmp_path / "text" / "notes"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(b"no picture")

    said = modelyard("datasets", "import", project, tmp_path / "text", "--format", "class_folders", status=1)

    assert "The import failed" in said and "Traceback" not in said
    assert _dataset(modelyard, project, "text")["status"] == "failed"
