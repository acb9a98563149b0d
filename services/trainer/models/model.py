"""What every table of the room is made of."""

from sqlalchemy import Double
from sqlalchemy.orm import DeclarativeBase

from libs.common.db import COLUMN_TYPES, room_metadata


class Model(DeclarativeBase):
    metadata = room_metadata("trainer")
    type_annotation_map = {**COLUMN_TYPES, float: Double()}
