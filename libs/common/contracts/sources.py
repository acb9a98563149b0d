"""Where the data of a dataset comes from."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.common.contracts.base import View

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class UploadSource(View):
    """An upload that is complete: an archive, or one file of a table format."""

    type: Literal["upload"] = "upload"
    upload_id: UUID


class PathSource(View):
    """A file or folder of the server, below one of the roots that its operator allows."""

    type: Literal["path"] = "path"
    path: Text


class S3Source(View):
    """What lies under a prefix of a bucket that the operator allows."""

    type: Literal["s3"] = "s3"
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, StringConstraints(max_length=1000)] = ""


class UrlSource(View):
    """One file of the web; private addresses are refused."""

    type: Literal["url"] = "url"
    url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=2000)]


class HuggingFaceSource(View):
    """A dataset of the Hugging Face hub: `owner/name`."""

    type: Literal["huggingface"] = "huggingface"
    # \w counted out up to a number, with all letters there are, would take 40 MB in every process.
    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,96}/[A-Za-z0-9_.-]{1,96}$")]
    revision: Annotated[str, StringConstraints(pattern=r"^[\w./-]+$", max_length=200)] = "main"


class SampleSource(View):
    """Data to try things with, made by this program."""

    type: Literal["sample"] = "sample"
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


DatasetSource = Annotated[
    UploadSource | PathSource | S3Source | UrlSource | HuggingFaceSource | SampleSource,
    Field(discriminator="type"),
]
