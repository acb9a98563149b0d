"""A sample's place in the store and all that a manifest says of it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Placed:
    """What the manifest says of a sample; `annotations` is JSON in the internal form, `fields` an object."""

    id: UUID
    name: str
    dataset_id: UUID
    shard_id: UUID
    offset: int
    size_bytes: int
    width: int
    height: int
    sha256: str
    annotations: str
    media_type: str
    fields: str
