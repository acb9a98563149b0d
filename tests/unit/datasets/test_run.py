"""The process that reads a source, with what it may take."""

import io
from pathlib import Path

from PIL import Image

from libs.common.child import CheckpointMessage, Child, FinishedMessage
from libs.common.contracts.imports import FormatOptions
from services.datasets.chunk import read_outcome
from services.datasets.handover import Assignment, Depth, PackedChunk
from services.datasets.settings import ArchiveLimits
from tests.integration.datasets.archives import archive, image

# What its libraries take, and a little more.
MEMORY_BYTES = 400 * 2**20
# Within the limit of pixels; 400 MB when its colours are spread out.
SIDE = 9_900


async def test_an_image_that_wants_more_memory_than_there_is_is_refused_alone(tmp_path: Path) -> None:
    large = io.BytesIO()
    Image.new("1", (SIDE, SIDE)).save(large, "PNG")
    (tmp_path / "source").write_bytes(archive({"large.png": large.getvalue(), "small.png": image(1)}))
    assignment = Assignment(
        source=tmp_path / "source",
        filename="data.zip",
        format="images",
        options=FormatOptions(),
        depth=Depth.PACKING,
        directory=tmp_path,
        processes=1,
        limits=ArchiveLimits(),
    )

    async with await Child.start(
        "services.datasets.run", assignment, tmp_path, memory_limit_bytes=MEMORY_BYTES
    ) as child:
        told = [message async for message in child.messages()]

    assert isinstance(told[-1], FinishedMessage)
    (chunk,) = (PackedChunk.model_validate(each.data) for each in told if isinstance(each, CheckpointMessage))
    outcome = read_outcome(chunk.outcome.read_bytes())
    assert [sample.name for sample in outcome.samples] == ["small.png"]
    assert [(each.path, each.code) for each in outcome.problems] == [("large.png", "image_too_large")]
    assert "memory" in outcome.problems[0].message
