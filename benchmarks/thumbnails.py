"""Thumbnails through the gateway, as the pages of a browser ask for them."""

import asyncio
import io
import statistics
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
from PIL import Image

from benchmarks.results import Result
from benchmarks.stack import client, local_stack
from libs.client import Modelyard
from libs.common.contracts.samples import Sample

PARTS = ("postgres", "nats", "s3", "gateway", "datasets", "trainer")
NUM_PHOTOS = 900
SIDE = 400
A_PAGE = 60
CONNECTIONS = 6


def measure() -> list[Result]:
    with local_stack(PARTS) as local:
        with client(local) as yard:
            samples = _imported(yard)
        headers = {"Authorization": f"Bearer {local.stack.secrets['admin_token']}"}
        seconds = asyncio.run(_page_by_page(local.stack.gateway_url, headers, [each.id for each in samples]))
    page = statistics.median(seconds)
    return [
        Result(
            f"a page of {A_PAGE} thumbnails through the gateway, {CONNECTIONS} connections",
            f"{page:.2f} s",
            "< 1.5 s",
            f"{A_PAGE / page:.0f} thumbnails/s, median of {len(seconds)} pages seen for the first time, "
            f"slowest {max(seconds):.2f} s",
        )
    ]


def _imported(yard: Modelyard) -> Sequence[Sample]:
    project = yard.projects.create("Benchmark", "classification")
    with tempfile.TemporaryDirectory() as folder:
        upload = yard.uploads.send(_archive(Path(folder) / "photos.zip"))
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "photos", upload.id).id)
    samples: list[Sample] = []
    cursor = None
    while not samples or cursor:
        page = yard.samples.page(dataset.id, limit=200, cursor=cursor)
        samples += page.items
        cursor = page.next_cursor
    return samples


def _archive(path: Path) -> Path:
    """Smooth noise: its thumbnails are as large as those of photographs."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(NUM_PHOTOS):
            small = Image.fromarray(random.integers(0, 256, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8))
            buffer = io.BytesIO()
            small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
            archive.writestr(f"class-{number % 10}/{number:05}.jpg", buffer.getvalue())
    return path


async def _page_by_page(url: str, headers: dict[str, str], ids: Sequence[UUID]) -> list[float]:
    """Seconds for each; the first one warms the connections and does not count."""
    seconds: list[float] = []
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as http:
        for first in range(0, len(ids), A_PAGE):
            started = time.perf_counter()
            asked = (http.get(f"/v1/samples/{each}/thumbnail") for each in ids[first : first + A_PAGE])
            for answer in await asyncio.gather(*asked):
                answer.raise_for_status()
            seconds.append(time.perf_counter() - started)
    return seconds[1:]
