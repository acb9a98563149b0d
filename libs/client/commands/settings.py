"""`modelyard settings`: how the house is set, and what an administrator changes of it."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, document, table
from libs.client.settings import HouseSettings
from libs.common.errors import BadInput

Changes = Annotated[list[str] | None, typer.Argument(metavar="SECTION.FIELD=VALUE", show_default=False)]


def settings(changes: Changes = None, as_json: AsJson = False) -> None:
    """All of them, or changes: `settings history.metrics_archived_after_days=30`; `null` for none."""
    wanted = _sections(changes or ())
    with Modelyard() as yard:
        found = yard.settings.change(**wanted) if wanted else yard.settings.get()
    if as_json:
        document(found)
    else:
        table(_rows(found), "setting", "value")


def _sections(changes: Sequence[str]) -> dict[str, dict[str, Any]]:
    wanted: dict[str, dict[str, Any]] = defaultdict(dict)
    for change in changes:
        place, is_given, value = change.partition("=")
        section, _, field = place.partition(".")
        if not (is_given and field):
            raise BadInput(f"{change!r} is not of the form section.field=value")
        wanted[section][field] = _value(value)
    return dict(wanted)


def _value(text: str) -> Any:
    """As JSON where it is some: numbers, true, null, lists; else the words themselves."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _rows(found: HouseSettings) -> list[tuple[str, object]]:
    return [
        (f"{section}.{field}", json.dumps(value))
        for section, fields in found.model_dump(mode="json").items()
        for field, value in fields.items()
    ]
