"""Uploads: bytes on their way in, straight to the object store or streamed through the gateway."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Gone, Request, View

UploadSize = Annotated[int, Field(ge=0, le=200 * 2**30)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class UploadState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"


class UploadPart(View):
    """One presigned PUT; parts count from 1 and all but the last hold `part_size_bytes`."""

    number: Annotated[int, Field(ge=1, le=10_000)]
    url: str


class UploadedPart(View):
    """What the store answered to a part: its ETag."""

    number: Annotated[int, Field(ge=1, le=10_000)]
    etag: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Upload(View):
    id: UUID
    filename: str
    size_bytes: int
    state: UploadState
    key: str
    part_size_bytes: int
    parts: tuple[UploadPart, ...] = ()
    created_at: AwareDatetime
    expires_at: AwareDatetime


class CreateUpload(Request[Upload], subject="svc.datasets.upload.create"):
    filename: FileName
    size_bytes: UploadSize
    made_by: UUID | None = Field(default=None, description="The account that it belongs to.")


class GetUpload(Request[Upload], subject="svc.datasets.upload.get"):
    """The upload with fresh URLs for the parts still missing: this is how a killed client resumes."""

    upload_id: UUID


class CompleteUpload(Request[Upload], subject="svc.datasets.upload.complete"):
    upload_id: UUID
    parts: tuple[UploadedPart, ...] = ()


class StoreUpload(Request[Upload], subject="svc.datasets.upload.store"):
    """The gateway streamed the whole content to the upload's key; checks that it is there and closes it."""

    upload_id: UUID


class DeleteUpload(Request[Gone], subject="svc.datasets.upload.delete"):
    upload_id: UUID
