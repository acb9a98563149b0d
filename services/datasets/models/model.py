"""What every table of the room is made of."""

from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase

from libs.common.db import COLUMN_TYPES, room_metadata

# Byte by byte, the same in every database whatever its language is; and twice as fast to compare.
NAME = Text(collation="C")


class Model(DeclarativeBase):
    metadata = room_metadata("datasets")
    type_annotation_map = COLUMN_TYPES
