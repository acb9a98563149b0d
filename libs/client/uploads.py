"""Files on their way in: presigned parts straight to the object store, resumed where they stopped."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx

from libs.client.transport import Transport
from libs.common.contracts.uploads import Upload, UploadedPart, UploadPart
from libs.common.errors import Unavailable

Progress = Callable[[int, int], None]


class Uploads:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # The store gets no bearer token: the signature in the URL is the permission.
        self._store = httpx.Client(timeout=300, transport=httpx.HTTPTransport(retries=3))

    def get(self, upload_id: UUID) -> Upload:
        return self._transport.get(Upload, f"/v1/uploads/{upload_id}")

    def send(self, path: Path, *, resume: UUID | None = None, progress: Progress | None = None) -> Upload:
        """Sends a file in parts; with `resume`, only the parts that the store does not have yet."""
        size = path.stat().st_size
        body = {"filename": path.name, "size_bytes": size}
        upload = self.get(resume) if resume else self._transport.post(Upload, "/v1/uploads", body)
        sent = size - sum(min(upload.part_size_bytes, size - _start(upload, part)) for part in upload.parts)
        uploaded: list[UploadedPart] = []
        with path.open("rb") as file:
            for part in upload.parts:
                file.seek(_start(upload, part))
                chunk = file.read(upload.part_size_bytes)
                uploaded.append(UploadedPart(number=part.number, etag=self._put(part, chunk)))
                sent += len(chunk)
                if progress:
                    progress(sent, size)
        parts = {"parts": [part.model_dump() for part in uploaded]}
        return self._transport.post(Upload, f"/v1/uploads/{upload.id}/complete", parts)

    def delete(self, upload_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/uploads/{upload_id}")

    def close(self) -> None:
        self._store.close()

    def _put(self, part: UploadPart, chunk: bytes) -> str:
        try:
            response = self._store.put(part.url, content=chunk).raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(f"part {part.number} did not reach the object store") from error
        return response.headers["etag"].strip('"')


def _start(upload: Upload, part: UploadPart) -> int:
    return (part.number - 1) * upload.part_size_bytes
