"""Dataset formats: one file each, and one line in the table; those of other packages come by entry points."""

from importlib.metadata import entry_points

from libs.common.contracts.imports import FormatDescription
from libs.common.log import get_logger
from services.datasets.errors import FormatIsUnknown
from services.datasets.files import Files
from services.datasets.formats.class_folders import ClassFolders
from services.datasets.formats.coco import Coco
from services.datasets.formats.dota import Dota
from services.datasets.formats.format import Format
from services.datasets.formats.huggingface import HuggingFace
from services.datasets.formats.image_text import ImageText
from services.datasets.formats.images import Images
from services.datasets.formats.mask_images import MaskImages
from services.datasets.formats.plain_text import PlainText
from services.datasets.formats.tables.delimited import Delimited
from services.datasets.formats.tables.jsonl import JsonLines
from services.datasets.formats.tables.parquet import Parquet
from services.datasets.formats.voc import Voc
from services.datasets.formats.yolo import Yolo

# In the order in which they are tried when nobody said which it is: those that are sure of themselves first.
FORMATS: dict[str, Format] = {
    "coco": Coco(),
    "yolo": Yolo(),
    "voc": Voc(),
    "dota": Dota(),
    "huggingface": HuggingFace(),
    "image_text": ImageText(),
    "parquet": Parquet(),
    "jsonl": JsonLines(),
    "csv": Delimited(),
    "mask_images": MaskImages(),
    "class_folders": ClassFolders(),
    "images": Images(),
    "text": PlainText(),
}

PLUGINS = "modelyard.importers"
log = get_logger(__name__)


def _plugins() -> dict[str, Format]:
    """A broken one is told and stops nothing; ours keep their names."""
    found: dict[str, Format] = {}
    for entry in entry_points(group=PLUGINS):
        try:
            found[entry.name] = entry.load()()
        except Exception as error:  # noqa: BLE001 — whatever a stranger's package does when it is loaded
            log.error("plugin_broken", group=PLUGINS, name=entry.name, error=str(error))
    return found


FORMATS = _plugins() | FORMATS


def check_name(name: str) -> None:
    if name not in FORMATS:
        raise FormatIsUnknown(f"there is no format {name!r}; there are {', '.join(FORMATS)}")


def describe() -> tuple[FormatDescription, ...]:
    return tuple(
        FormatDescription(
            name=name,
            title=format.title,
            modalities=tuple(sorted(format.modalities)),
            annotation_types=tuple(sorted(format.carries)),
        )
        for name, format in FORMATS.items()
    )


def detect(files: Files) -> str:
    found = next((name for name, format in FORMATS.items() if format.fits(files)), None)
    if found is None:
        raise FormatIsUnknown(f"the files do not look like any of {', '.join(FORMATS)}")
    return found
