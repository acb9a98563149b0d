"""Logs that were rotated."""

import gzip
import stat

import pytest

from infra.local import rotation
from infra.local.rotation import tidy


def contents(folder) -> list[str]:
    """Of the compressed ones, the oldest first."""
    paths = sorted(folder.glob("*.gz"), key=lambda path: path.name.rpartition(".t")[2])
    return [gzip.decompress(path.read_bytes()).decode() for path in paths]


def test_what_was_rotated_is_compressed_in_its_order_and_what_is_written_is_left_alone(tmp_path):
    for name, text in (("log", "now"), ("log.1", "newer"), ("log.2", "older")):
        (tmp_path / f"trainer.{name}").write_text(text)
    tidy(tmp_path)
    assert contents(tmp_path) == ["older", "newer"]
    (plain,) = [path for path in tmp_path.iterdir() if path.suffix != ".gz"]
    assert (plain.name, plain.read_text()) == ("trainer.log", "now")
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*.gz")} == {0o600}


def test_all_parts_together_keep_no_more_than_they_may_and_the_newest_of_it(tmp_path):
    for number in range(4):
        for part in ("gateway", "trainer"):
            (tmp_path / f"{part}.log.1").write_text(f"{part} {number}")
        tidy(tmp_path)
    size = max(path.stat().st_size for path in tmp_path.glob("*.gz"))
    tidy(tmp_path, kept_bytes=3 * size)
    assert len(contents(tmp_path)) == 3
    assert {text.split()[1] for text in contents(tmp_path)} == {"2", "3"}


def test_who_is_killed_while_it_compresses_loses_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "trainer.log.1").write_text("kept")

    def killed(plain, compressed):
        compressed.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(rotation.shutil, "copyfileobj", killed)
        tidy(tmp_path)
    assert contents(tmp_path) == []
    tidy(tmp_path)
    assert contents(tmp_path) == ["kept"]
    assert len(list(tmp_path.iterdir())) == 1
