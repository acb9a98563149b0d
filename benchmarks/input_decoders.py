"""Decoders of images beside each other: what a training reads with, Pillow, and torchvision's own."""

import io
import time
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torchvision.io import ImageReadMode, decode_image

from benchmarks.results import Result
from libs.common.contracts.packages import ImageInput
from libs.tasks.data import decode
from libs.tasks.front import resize
from libs.tasks.images import read_pixels

TURNS, MIN_TURNS = 40, 5
MAX_SECONDS = 4.0
SIDES = (96, 224, 500, 1080, 3000)
TARGET = ImageInput(height=224, width=224, mean=(0, 0, 0), std=(1, 1, 1))
Decode = Callable[[bytes], object]


def measure() -> list[Result]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        jpegs = [_compared(f"JPEG of {side} px", _photograph(side, "JPEG")) for side in SIDES]
        others = [_compared(f"{kind} of 500 px", _photograph(500, kind)) for kind in ("PNG", "WEBP")]
        ready = [_readied(side) for side in (500, 1080, 4032)]
    finally:
        torch.set_num_threads(threads)
    return [*jpegs, *others, *ready]


def _compared(title: str, data: bytes) -> Result:
    best = _fastest({"ours": read_pixels, "Pillow": _pillow, "torchvision.io": _torchvision}, data)
    times = " / ".join(f"{1000 * seconds:.2f} ms {name}" for name, seconds in best.items())
    return Result(
        f"pixels of a {title}",
        f"{best['Pillow'] / best['ours']:.1f}×",
        "≥ 1× of Pillow, to the same pixels",
        f"{times}; of a core, the fastest of up to {TURNS} turns",
    )


def _readied(side: int) -> Result:
    """As a training gets it: 224 px, and the way that serving goes as the other side."""
    data = _photograph(side, "JPEG")
    best = _fastest({"ours": _made_ready, "in full": _in_full}, data)
    difference = (_made_ready(data).float() - _in_full(data)).abs()
    return Result(
        f"JPEG of {side} px, made 224 px",
        f"{best['in full'] / best['ours']:.1f}×",
        "≥ 1× of decoding in full and resizing floats, within 2 levels of it",
        f"{1000 * best['ours']:.2f} against {1000 * best['in full']:.2f} ms of a core, the fastest of up to "
        f"{TURNS} turns; {difference.mean():.2f} levels apart on average, {difference.max():.1f} at most",
    )


def _made_ready(data: bytes) -> torch.Tensor:
    return decode(data, TARGET)


def _in_full(data: bytes) -> torch.Tensor:
    pixels = torch.from_numpy(_pillow(data)).permute(2, 0, 1)
    return resize(pixels[None].float(), TARGET.height, TARGET.width)[0]


def _pillow(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def _torchvision(data: bytes) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is about to leave torchvision
        return decode_image(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB)


def _photograph(side: int, kind: str) -> bytes:
    """`side` is the longer one."""
    image = Image.fromarray(load_sample_image("china.jpg")).resize((side, side * 3 // 4))
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=90)
    return buffer.getvalue()


def _fastest(ways: Mapping[str, Decode], data: bytes) -> dict[str, float]:
    """Seconds of a core, in turns; the fastest of each is what other work on the machine disturbs least."""
    best = dict.fromkeys(ways, float("inf"))
    started = time.perf_counter()
    for turn in range(TURNS):
        for name, way in ways.items():
            begun = time.thread_time()
            way(data)
            best[name] = min(best[name], time.thread_time() - begun)
        if turn >= MIN_TURNS and time.perf_counter() - started > MAX_SECONDS:
            break
    return best
