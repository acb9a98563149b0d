"""Lines put away in blocks and read back."""

import gzip
from io import BytesIO

from libs.common.contracts.base import now
from libs.common.contracts.telemetry import Level, LogLine
from services.trainer.log_files import at_least, read_block, write_block


def _lines(first: int, *levels: Level) -> list[LogLine]:
    return [
        LogLine(at=now(), level=level, text=f"line “{first + number}”\n", seq=first + number)
        for number, level in enumerate(levels)
    ]


def test_each_block_is_read_by_itself_and_the_file_is_one_whole() -> None:
    early, late = _lines(0, "info", "warning", "debug"), _lines(3, "info", "info")
    file = BytesIO()

    blocks = [write_block(file, early), write_block(file, late)]

    content = file.getvalue()
    assert [read_block(content[each.offset : each.offset + each.size_bytes]) for each in blocks] == [
        early,
        late,
    ]
    assert [(each.first_seq, each.last_seq, each.level) for each in blocks] == [
        (0, 2, "warning"),
        (3, 4, "info"),
    ]
    assert len(gzip.decompress(content).splitlines()) == 5


def test_a_level_means_itself_and_what_is_more_serious() -> None:
    assert at_least("warning") == ("warning", "error")
    assert at_least("debug") == ("debug", "info", "warning", "error")
