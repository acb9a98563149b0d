"""Lists limited to the projects that whoever asks may see."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

Within = Collection[UUID] | None


def is_within(project_id: InstrumentedAttribute[Any], within: Within) -> list[ColumnElement[bool]]:
    """No condition where everything may be seen; what is of no project is of none of these either."""
    return [] if within is None else [project_id.in_(within)]
