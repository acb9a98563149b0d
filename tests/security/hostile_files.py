"""What the parsers of annotations and archives are given by strangers: something that once made sense."""

import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from libs.common.contracts.imports import FormatOptions
from libs.common.errors import ModelyardError
from services.datasets.files import open_files
from services.datasets.formats.registry import FORMATS
from services.datasets.settings import ArchiveLimits
from tests.unit.datasets.formats.trips import opened, picture

LIMITS = ArchiveLimits()
# Format → a small data set, whose first file is what is changed.
WHOLE: Mapping[str, Mapping[str, bytes]] = {
    "coco": {
        "a.json": b'{"images":[{"id":1,"file_name":"a.png","width":64,"height":48}],"categories":[{"id":1,'
        b'"name":"cat"}],"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4],"segmentation":'
        b'[[1,2,3,4,5,6]],"iscrowd":0},{"id":2,"image_id":1,"category_id":1,"segmentation":{"size":[48,64],'
        b'"counts":[0,3072]}}]}',
        "a.png": picture(),
    },
    "yolo": {
        "labels/a.txt": b"0 0.5 0.5 0.2 0.2\n1 .1 .1 .2 .1 .2 .2\n",
        "images/a.png": picture(),
        "data.yaml": b"names: [a, b]\n",
    },
    "voc": {
        "a.xml": b"<annotation><filename>a.png</filename><size><width>64</width><height>48</height></size>"
        b"<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        b"</object></annotation>",
        "a.png": picture(),
    },
    "dota": {"labelTxt/a.txt": b"1 1 9 1 9 9 1 9 plane 0\n", "images/a.png": picture()},
    "jsonl": {"a.jsonl": b'{"text": "good", "label": "a"}\n{"text": "bad", "label": "b"}\n'},
    "csv": {"a.csv": b"path,label,x,y,width,height\na.png,cat,1,2,3,4\n", "a.png": picture()},
    "text": {"a.txt": b"one line\nand another\n"},
}  # fmt: skip


def read_annotations(name: str, data: bytes) -> int:
    """How many samples were understood; whatever else a parser raises is no error of ours, and a finding."""
    first, *others = WHOLE[name]
    with opened({first: data} | {each: WHOLE[name][each] for each in others}) as files:
        try:
            plan = FORMATS[name].read(files, FormatOptions())
            return sum(1 for found in plan.samples if found.annotations is not None)
        except ModelyardError:
            return 0


def read_archive(data: bytes) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(data)
        try:
            with open_files(path, LIMITS, Path(folder) / "scratch", filename="source") as files:
                return sum(len(files.read(entry)) for entry in files.entries())
        except ModelyardError:
            return 0


def some_zip() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/1.txt", "one" * 20)
        file.writestr("b/2.txt", "two")
    return buffer.getvalue()


def some_tar(mode: str) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:  # type: ignore[call-overload]
        for name, data in (("a/1.txt", b"one" * 20), ("b/2.txt", b"two")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, BytesIO(data))
    return buffer.getvalue()


ARCHIVES = {"zip": some_zip(), "tar": some_tar("w"), "tar.gz": some_tar("w:gz"), "tar.xz": some_tar("w:xz")}
