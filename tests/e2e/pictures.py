"""Pictures to send, made on the spot."""

import io
import zipfile
from pathlib import Path

from PIL import Image


def pictures(path: Path, *, num_broken: int = 0) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            picture = Image.effect_noise((40 + number, 32), 60)
            archive.writestr(f"{'dark' if number < 25 else 'pale'}/{number:03}.png", png(picture))
        for number in range(num_broken):
            archive.writestr(f"dark/broken-{number}.png", b"no picture")
    return path


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
