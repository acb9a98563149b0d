"""One XML file of Pascal VOC: what it says of its image and of every object, or why it cannot be read.

The devkit counts pixels from 1, and both corners belong to the box (`VOCevaldet.m`: `xmax - xmin + 1`): of a
whole image it is 1, 1, width, height, here x=0, y=0, width, height. Corners may have fractions; sums are made
of decimals, so what was written is read as it was, to the last digit.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from libs.common.contracts.annotations import BoxAnnotation
from libs.common.errors import BadInput
from services.datasets.formats.names import LONGEST_LABEL
from services.datasets.formats.tables.cells import CellIsBad

MAX_XML_BYTES = 16 * 2**20
CORNERS = ("xmin", "ymin", "xmax", "ymax")
# What objects may say beside their box, for which there is no place here; and how they say nothing by it.
ATTRIBUTES = ("pose", "truncated", "occluded", "part", "actions", "attributes")
NOTHING_SAID = frozenset({"", "0", "unspecified"})
DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# The time their decoders take grows with the square of the length.
SLOW_ENCODINGS = frozenset({"idna", "punycode"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
# Holds the sum of any two doubles without rounding.
EXACT = Context(prec=700)
LONGEST_NUMBER = 700
# Control characters, halves of others; a carriage return is read as a line feed.
NOT_IN_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


class XmlIsUnreadable(BadInput):
    code, title = "xml_unreadable", "This XML file cannot be read"


class XmlIsDangerous(BadInput):
    code, title = "xml_dangerous", "This XML file defines entities or refers to other files"


class XmlIsUnknown(BadInput):
    code, title = "xml_unknown", "This XML file is not of Pascal VOC"


@dataclass(frozen=True)
class VocFile:
    """`objects` in their order, those that cannot be used as the reason why."""

    filename: str
    objects: tuple[BoxAnnotation | CellIsBad, ...]
    num_with_attributes: int
    begins_at_zero: bool


@dataclass(frozen=True)
class VocImage:
    """What is written of an image."""

    filename: str
    width: int
    height: int


def parse_voc(data: bytes, encoding: str | None) -> VocFile:
    """Raises one of the errors above; without `encoding` the file itself says which it is in."""
    root = _root(data, encoding)
    if root.tag != "annotation":
        raise XmlIsUnknown(f"it begins with <{str(root.tag)[:60]}>, where VOC has <annotation>")
    objects = root.findall("object")
    return VocFile(
        filename=_text(root, "filename"),
        objects=tuple(map(_object, objects)),
        num_with_attributes=sum(map(_has_attributes, objects)),
        begins_at_zero=any(map(_begins_at_zero, objects)),
    )


def _root(data: bytes, encoding: str | None) -> Element:
    try:
        return fromstring(_decoded(data, encoding), forbid_dtd=False)
    except DefusedXmlException as error:
        raise XmlIsDangerous("it defines entities or refers to other files: not opened") from error
    except UnicodeError as error:
        raise XmlIsUnreadable(f"not in the encoding that it should have: {error}"[:300]) from error
    except ParseError as error:
        raise XmlIsUnreadable(f"not well-formed XML: {error}; if it is, name its encoding") from error
    except (LookupError, ValueError, RecursionError) as error:
        raise XmlIsUnreadable(f"not well-formed XML: {error}"[:300]) from error


def _decoded(data: bytes, encoding: str | None) -> bytes | str:
    """Expat itself knows no encodings of several bytes per character, as Chinese or Japanese ones."""
    declared = DECLARED.match(data)
    name = encoding or (declared[1].decode() if declared else None)
    if name is None or name.lower().startswith("utf-16"):
        return data
    if name.lower() in SLOW_ENCODINGS:
        raise XmlIsUnreadable(f"{name} is no encoding for files")
    return data.decode("utf-8-sig" if name.lower() in ("utf-8", "utf8") else name)


def _object(element: Element) -> BoxAnnotation | CellIsBad:
    try:
        x, y, width, height = _sides(element)
        return BoxAnnotation(
            label=_label(element),
            x=x,
            y=y,
            width=width,
            height=height,
            is_ignored=_text(element, "difficult").lower() in ("1", "true"),
        )
    except CellIsBad as reason:
        return reason


def _label(element: Element) -> str:
    label = _text(element, "name")
    if not label:
        raise CellIsBad("label_missing", "the object names no class")
    if len(label) > LONGEST_LABEL:
        raise CellIsBad("label_invalid", f"a label has at most {LONGEST_LABEL} characters")
    return label


def _sides(element: Element) -> tuple[float, float, float, float]:
    box = element.find("bndbox")
    if box is None:
        raise CellIsBad("box_missing", "the object has no <bndbox>")
    xmin, ymin, xmax, ymax = (_number(box, name) for name in CORNERS)
    width, height = EXACT.add(EXACT.subtract(xmax, xmin), 1), EXACT.add(EXACT.subtract(ymax, ymin), 1)
    sides = EXACT.subtract(xmin, 1), EXACT.subtract(ymin, 1), width, height
    x, y, w, h = map(float, sides)
    if not all(map(math.isfinite, (x, y, w, h))):
        raise CellIsBad("box_invalid", "a corner is further away than numbers reach")
    if w <= 0 or h <= 0:
        raise CellIsBad("box_empty", f"{w:g} pixels wide and {h:g} high: there is nothing in it")
    return x, y, w, h


def _number(box: Element, name: str) -> Decimal:
    text = _text(box, name)
    if not NUMBER.fullmatch(text) or len(text) > LONGEST_NUMBER:
        raise CellIsBad("box_invalid", f"<{name}> is {text[:60]!r}, no number" if text else f"no <{name}>")
    return Decimal(text)


def _has_attributes(element: Element) -> bool:
    found = (element.find(name) for name in ATTRIBUTES)
    return any(
        each is not None and (len(each) > 0 or (each.text or "").strip().lower() not in NOTHING_SAID)
        for each in found
    )


def _begins_at_zero(element: Element) -> bool:
    return any(_text(element, f"bndbox/{name}") in ("0", "0.0") for name in ("xmin", "ymin"))


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def write_voc(image: VocImage, boxes: Iterable[BoxAnnotation]) -> bytes:
    """Texts that XML cannot hold are written as `xml_text` has them."""
    root = Element("annotation")
    _add(root, "filename", image.filename)
    size = SubElement(root, "size")
    for name, value in (("width", image.width), ("height", image.height), ("depth", 3)):
        _add(size, name, str(value))
    _add(root, "segmented", "0")
    for box in boxes:
        _add_object(root, box)
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add_object(root: Element, box: BoxAnnotation) -> None:
    element = SubElement(root, "object")
    for name, text in (
        ("name", box.label),
        ("pose", "Unspecified"),
        ("truncated", "0"),
        ("difficult", str(int(box.is_ignored))),
    ):
        _add(element, name, text)
    corners = SubElement(element, "bndbox")
    x, y, width, height = (Decimal(repr(side)) for side in (box.x, box.y, box.width, box.height))
    far = EXACT.add(x, width), EXACT.add(y, height)
    for name, corner in zip(CORNERS, (EXACT.add(x, 1), EXACT.add(y, 1), *far), strict=True):
        _add(corners, name, f"{corner.normalize(EXACT):f}")


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = xml_text(text)


def xml_text(text: str) -> str:
    """As the reader will have it: without the characters that XML cannot hold, and trimmed; never empty."""
    return NOT_IN_XML.sub("_", text).strip() or "_"
