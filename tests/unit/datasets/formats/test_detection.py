"""Which format is recognised: a tiny source of each, which that one claims and no other may claim before it.

A format in the table without an example here fails: put the smallest source that people would call by its
name into EXAMPLES, and another one for every layout that could be taken for something else.
"""

import io
import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from libs.common.contracts.imports import FormatOptions
from libs.common.errors import ModelyardError
from services.datasets.errors import FormatIsUnknown
from services.datasets.formats.registry import FORMATS, detect
from tests.unit.datasets.formats.trips import opened, picture

Source = Mapping[str, bytes | str]

# What they claim, every format could: images in folders, images, texts, tables. Others come before them.
CATCH_ALL = frozenset({"class_folders", "images", "text", "csv", "jsonl", "parquet"})
# The devkit of VOC holds masks as well; a text beside an image might be a caption.
ALSO = {"voc": frozenset({"mask_images"}), "dota": frozenset({"image_text"})}
IMAGE = picture()


def mask() -> bytes:
    values = np.zeros((48, 64), np.uint8)
    values[:, :8] = 1
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def voc(filename: str = "1.png") -> str:
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    return f"<annotation><filename>{filename}</filename><object><name>a</name>{box}</object></annotation>"


def parquet(metadata: Mapping[str, str] | None = None) -> bytes:
    table = pa.table({"image": [{"bytes": IMAGE, "path": "1.png"}], "label": [0]})
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(dict(metadata) if metadata else None), buffer)
    return buffer.getvalue()


def coco() -> str:
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "1.png", "width": 64, "height": 48}],
            "categories": [{"id": 1, "name": "a"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
        }
    )


HUGGING_FACE = {
    "huggingface": json.dumps(
        {
            "info": {
                "features": {
                    "image": {"_type": "Image"},
                    "label": {"names": ["a", "b"], "_type": "ClassLabel"},
                }
            }
        }
    )
}
DOTA_LINE = "10 10 20 10 20 20 10 20 ship 0"
YOLO_LINE, OBB_LINE = "0 0.5 0.5 0.2 0.2", "0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2"
DATA_YAML = "train: images/train\nval: images/val\nnames:\n  0: a\n"

EXAMPLES: dict[str, list[Source]] = {
    "voc": [
        {"JPEGImages/1.png": IMAGE, "Annotations/1.xml": voc(), "ImageSets/Main/train.txt": "1\n"},
        {"V/JPEGImages/1.png": IMAGE, "V/Annotations/1.xml": voc(), "V/SegmentationClass/1.png": mask()},
        {"train/1.png": IMAGE, "train/1.xml": voc(), "valid/2.png": IMAGE, "valid/2.xml": voc("2.png")},
        {"images/1.png": IMAGE, "annotations/1.xml": voc()},
    ],
    "dota": [
        {"images/1.png": IMAGE, "labelTxt/1.txt": f"imagesource:x\ngsd:1\n{DOTA_LINE}\n"},
        {"train/images/1.png": IMAGE, "train/labelTxt/1.txt": DOTA_LINE, "val/images/2.png": IMAGE},
        {"images/1.png": IMAGE, "labels/1.txt": DOTA_LINE},
        {"1.png": IMAGE, "1.txt": DOTA_LINE},
    ],
    "mask_images": [
        {"images/1.png": IMAGE, "masks/1.png": mask()},
        {"train/images/1.png": IMAGE, "train/labels/1.png": mask(), "classes.txt": "background\na"},
        {"images/1.png": IMAGE, "masks/1.png": mask(), "class_dict.csv": "name,r,g,b\na,1,1,1\nb,2,2,2\n"},
        {"images/1.png": IMAGE, "masks/1.png": mask(), "label_map.json": '{"1": "a"}'},
        {"1.png": IMAGE, "1_mask.png": mask()},
        {"JPEGImages/1.png": IMAGE, "SegmentationClass/1.png": mask(), "SegmentationObject/1.png": mask()},
    ],
    "class_folders": [
        {"cats/1.png": IMAGE, "dogs/2.png": IMAGE},
        {"data/cats/1.png": IMAGE},
        {"train/cats/1.png": IMAGE, "val/dogs/1.png": IMAGE, "README.md": "about"},
        {"images/cats/1.png": IMAGE, "images/dogs/2.png": IMAGE},
    ],
    "images": [
        {"1.png": IMAGE, "2.png": IMAGE},
        {"photos/1.png": IMAGE, "README.md": "about"},
        {"train/1.png": IMAGE, "test/2.png": IMAGE},
        {"train/images/1.png": IMAGE, "val/images/2.png": IMAGE},
    ],
    "coco": [
        {"annotations/instances_train.json": coco(), "train/1.png": IMAGE},
        {"train/_annotations.coco.json": coco(), "train/1.png": IMAGE},
    ],
    "yolo": [
        {"data.yaml": DATA_YAML, "images/train/1.png": IMAGE, "labels/train/1.txt": YOLO_LINE},
        {"data.yaml": DATA_YAML, "train/images/1.png": IMAGE, "train/labels/1.txt": OBB_LINE},
        {"images/1.png": IMAGE, "labels/1.txt": YOLO_LINE},
        {"images/1.png": IMAGE, "labels/1.txt": OBB_LINE},
    ],
    "csv": [
        {"labels.csv": "path,label\n1.png,a\n2.png,b\n", "1.png": IMAGE, "2.png": IMAGE},
        {"labels.csv": "path,label\nx/1.png,a\nx/2.png,b\n", "x/1.png": IMAGE, "x/2.png": IMAGE},
    ],
    "jsonl": [
        {"data.jsonl": '{"path": "1.png", "label": "a"}\n{"path": "2.png", "label": "b"}\n', "1.png": IMAGE,
         "2.png": IMAGE},
    ],
    "parquet": [{"table.parquet": parquet()}],
    "huggingface": [{"data/train-00000-of-00001.parquet": parquet(HUGGING_FACE)}],
    "image_text": [
        {"captions.csv": "image,caption\n1.png,a cat\n2.png,a dog\n", "1.png": IMAGE, "2.png": IMAGE},
        {"1.png": IMAGE, "1.txt": "a cat on a mat", "2.png": IMAGE, "2.txt": "a dog on a log"},
    ],
    "text": [{"pos/1.txt": "good", "neg/2.txt": "bad"}, {"1.txt": "some text"}],
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_in_the_table_is_recognised_and_nothing_else_claims_its_examples(name: str) -> None:
    assert EXAMPLES.get(name), f"EXAMPLES has no source of the format {name!r}"
    for source in EXAMPLES[name]:
        with opened(source) as files:
            claims = [other for other, format in FORMATS.items() if format.fits(files)]
            assert detect(files) == name, f"{sorted(source)} is claimed by {claims}"
        assert set(claims) - {name} <= CATCH_ALL | ALSO.get(name, frozenset()), (
            f"{sorted(source)} is claimed by {claims}"
        )


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_recognised_can_be_read(name: str) -> None:
    for source in EXAMPLES.get(name, []):
        with opened(source) as files:
            plan = FORMATS[name].read(files, FormatOptions())
        assert plan.samples, f"{name} finds nothing in {sorted(source)}"
        assert len({found.name for found in plan.samples}) == len(plan.samples)


@pytest.mark.parametrize("source", [{"__MACOSX/._1.png": b"x"}, {"Thumbs.db": b"x"}, {"a.exe": b"MZ"}])
def test_what_nobody_knows_is_told_by_name(source: Source) -> None:
    with opened(source) as files, pytest.raises(FormatIsUnknown, match="class_folders"):
        detect(files)


folders = st.sampled_from(
    ["", "train/", "images/", "masks/", "labels/", "Annotations/", "JPEGImages/", "labelTxt/", "cats/",
     "ImageSets/Main/", "SegmentationClass/", "data/", "a/b/"]
)  # fmt: skip
endings = st.sampled_from(
    [
        ".png",
        ".txt",
        ".xml",
        ".json",
        ".csv",
        ".jsonl",
        ".yaml",
        ".parquet",
        "_mask.png",
        ".arrow",
        ".tsv",
        "",
    ]
)
stems = st.sampled_from(
    ["1", "2", "data", "classes", "train", "label_map", "state", "dataset_info", "_annotations.coco"]
)
contents = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [IMAGE, mask(), IMAGE[:40], voc(), DOTA_LINE, YOLO_LINE, coco(), coco()[:50], DATA_YAML, parquet(),
         parquet()[:99], "[" * 3000, "{}", "[]", "null", "a,b\n1,2\n", '{"a": NaN}\n', "\0", "<a>" * 500,
         "NaN " * 9]
    ),
)  # fmt: skip


@settings(max_examples=100)
@given(st.dictionaries(st.tuples(folders, stems, endings).map("".join), contents, min_size=1, max_size=6))
def test_whatever_lies_about_no_format_breaks(source: dict[str, bytes | str]) -> None:
    """Recognising never fails, and reading says by name why it does."""
    with opened(source) as files:
        for format in FORMATS.values():
            format.fits(files)
            try:
                plan = format.read(files, FormatOptions())
            except ModelyardError as error:
                assert error.detail
                continue
            assert len({found.name for found in plan.samples}) == len(plan.samples)
            for found in plan.samples:
                assert found.places == () or len(found.places) == len(found.annotations)
                for made in found.completion.annotations(files, 64, 48) if found.completion else ():
                    assert made
