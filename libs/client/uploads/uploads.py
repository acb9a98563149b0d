"""Uploads of the SDK."""

import time
from pathlib import Path
from uuid import UUID

import httpx

from libs.client.transport import Transport
from libs.client.uploads.content import Content, ContentChanged, file_content
from libs.client.uploads.folder import FolderContent
from libs.client.uploads.sending import PAUSES_SECONDS, Progress, Sending
from libs.client.uploads.unfinished import Unfinished
from libs.common.contracts.uploads import Upload, UploadedPart, UploadState
from libs.common.errors import BadInput, Forbidden, ModelyardError, NotFound

# Only a store that loses what it has taken needs a second.
MOST_ROUNDS = 3
# A store that joins thousands of parts takes its time.
COMPLETE_SECONDS = 330


class Uploads:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._unfinished = Unfinished(str(transport.http.base_url))
        # The store gets no bearer token: the signature in the URL is the permission.
        timeout = httpx.Timeout(connect=10, read=120, write=60, pool=None)
        self._store = httpx.Client(timeout=timeout, transport=httpx.HTTPTransport(retries=2))

    def get(self, upload_id: UUID) -> Upload:
        """With fresh URLs for the parts that the store does not have yet."""
        return self._transport.get(Upload, f"/v1/uploads/{upload_id}")

    def send(self, path: Path, *, progress: Progress | None = None) -> Upload:
        """A file, or a folder as a TAR. Sent again after it was interrupted, it goes on where it stopped."""
        content = _content(path)
        upload = self._begun(content) or self._begin(content)
        try:
            done = self._finish(content, upload, progress)
        except ModelyardError as error:
            if isinstance(error, ContentChanged) or error.code == "upload_differs":
                self._give_up(content, upload)
            raise
        self._unfinished.forget(content)
        return done

    def delete(self, upload_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/uploads/{upload_id}")

    def close(self) -> None:
        self._store.close()

    def _begin(self, content: Content) -> Upload:
        body = {"filename": content.name, "size_bytes": content.size_bytes}
        upload = self._transport.post(Upload, "/v1/uploads", body)
        self._unfinished.remember(content, upload)
        return upload

    def _begun(self, content: Content) -> Upload | None:
        """The one of a client that was killed, if the gateway still knows it."""
        upload_id = self._unfinished.find(content)
        try:
            upload = self.get(upload_id) if upload_id else None
        except (NotFound, Forbidden):
            return None
        return upload if upload and upload.size_bytes == content.size_bytes else None

    def _finish(self, content: Content, upload: Upload, progress: Progress | None) -> Upload:
        for _ in range(MOST_ROUNDS - 1):
            try:
                return self._send_and_complete(content, upload, progress)
            except ModelyardError as error:
                if error.code != "upload_incomplete":
                    raise
            upload = self.get(upload.id)
        return self._send_and_complete(content, upload, progress)

    def _send_and_complete(self, content: Content, upload: Upload, progress: Progress | None) -> Upload:
        if upload.state is UploadState.COMPLETE:
            return upload
        parts = Sending(self._store, content, upload, lambda: self.get(upload.id), progress).run()
        for pause in PAUSES_SECONDS:
            try:
                return self._complete(upload.id, parts)
            except ModelyardError as error:
                if not error.retryable:
                    raise
            time.sleep(pause)
        return self._complete(upload.id, parts)

    def _complete(self, upload_id: UUID, parts: tuple[UploadedPart, ...]) -> Upload:
        """Asked again it changes nothing."""
        path, body = f"/v1/uploads/{upload_id}/complete", {"parts": [part.model_dump() for part in parts]}
        return self._transport.call(Upload, "POST", path, body=body, timeout=COMPLETE_SECONDS)

    def _give_up(self, content: Content, upload: Upload) -> None:
        """What was sent is of no use to anybody."""
        self._unfinished.forget(content)
        self.delete(upload.id)


def _content(path: Path) -> Content:
    if path.is_dir():
        return FolderContent(path)
    if not path.is_file():
        raise BadInput(f"there is no file or folder {path}")
    content = file_content(path)
    if not content.size_bytes:
        raise BadInput(f"{path} is empty")
    return content
