"""Dataset formats: one file each, and one line in the table."""

from services.datasets.errors import FormatIsUnknown
from services.datasets.files import Files
from services.datasets.formats.class_folders import ClassFolders
from services.datasets.formats.format import Format

# In the order in which they are tried when nobody said which it is: those that are sure of themselves first.
FORMATS: dict[str, Format] = {
    "class_folders": ClassFolders(),
}


def check_name(name: str) -> None:
    if name not in FORMATS:
        raise FormatIsUnknown(f"there is no format {name!r}; there are {', '.join(FORMATS)}")


def detect(files: Files) -> str:
    found = next((name for name, format in FORMATS.items() if format.fits(files)), None)
    if found is None:
        raise FormatIsUnknown(f"the files do not look like any of {', '.join(FORMATS)}")
    return found
