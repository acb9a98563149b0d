"""A batch of images as bus messages: as large as they may be, a few under way at once, answers in order."""

import asyncio
import time
from collections.abc import Iterator, Sequence

from libs.common.contracts.batches import BatchAnswer, BatchItem
from libs.common.contracts.deployments import Predict, PredictionAnswer
from libs.common.errors import BadInput
from services.gateway.doors import Doors
from services.gateway.sent.files import SentFile

# Memory of a batch is what is under way, twice: here and in the connection.
AT_ONCE = 4
MESSAGE_BYTES = 4 * 2**20
MESSAGE_IMAGES = 32
TIMEOUT_SECONDS = 70.0
# What surrounds the images in a message.
MARGIN_BYTES = 4096


class Batch:
    """Of one request; one image alone may be as large as a message of the bus."""

    def __init__(self, house: Doors, name: str, files: Sequence[SentFile]) -> None:
        self._house = house
        self._name = name
        self._files = files
        self._items: list[BatchItem] = [BatchItem(name=file.name) for file in files]
        self._most_bytes = house.bus.max_message_bytes - MARGIN_BYTES

    async def answer(self) -> BatchAnswer:
        """Raises what the room refuses the whole for: an unknown deployment, a server that is away."""
        started = time.perf_counter()
        groups = iter(list(_groups(self._files)))
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(AT_ONCE):
                    workers.create_task(self._work(groups))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return BatchAnswer(
            deployment=self._name,
            num_predicted=sum(item.prediction is not None for item in self._items),
            num_refused=sum(item.refused for item in self._items),
            num_left_out=sum(item.prediction is None for item in self._items),
            items=tuple(self._items),
            seconds=time.perf_counter() - started,
        )

    async def _work(self, groups: Iterator[range]) -> None:
        for group in groups:
            images = await asyncio.to_thread(self._read, group)
            if images:
                request = Predict(name=self._name, images=tuple(images.values()), leaves_out=True)
                answer = await self._house.ask(request, timeout_seconds=TIMEOUT_SECONDS)
                self._note(list(images), answer)

    def _read(self, rows: range) -> dict[int, bytes]:
        """What can be read; what is wrong with the others is noted."""
        found: dict[int, bytes] = {}
        for row in rows:
            file = self._files[row]
            if file.size_bytes > self._most_bytes:
                self._leave_out(row, f"{file.size_bytes} bytes; an image may have {self._most_bytes}")
                continue
            try:
                data = file.read()
            except BadInput as error:
                self._leave_out(row, error.detail)
                continue
            if data:
                found[row] = data
            else:
                self._leave_out(row, "0 bytes")
        return found

    def _leave_out(self, row: int, problem: str) -> None:
        self._items[row] = BatchItem(name=self._files[row].name, problem=problem)

    def _note(self, rows: Sequence[int], answer: PredictionAnswer) -> None:
        """`rows` are those that were asked for, in order."""
        for problem in answer.left_out:
            assert problem.row is not None
            self._leave_out(rows[problem.row], problem.message)
        left_out = {problem.row for problem in answer.left_out}
        answered = [row for place, row in enumerate(rows) if place not in left_out]
        refused = set(answer.refused)
        for place, (row, prediction) in enumerate(zip(answered, answer.predictions, strict=True)):
            self._items[row] = BatchItem(
                name=self._files[row].name,
                prediction=prediction,
                refused=place in refused,
                model=answer.model,
                version=answer.version,
            )


def _groups(files: Sequence[SentFile]) -> Iterator[range]:
    """Rows that share a message, by what they say of their size."""
    start = size_bytes = 0
    for row, file in enumerate(files):
        is_full = size_bytes + file.size_bytes > MESSAGE_BYTES or row - start == MESSAGE_IMAGES
        if row > start and is_full:
            yield range(start, row)
            start = row
            size_bytes = 0
        size_bytes += file.size_bytes
    yield range(start, len(files))
