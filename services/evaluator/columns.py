"""What samples of an evaluation are picked by, as arrays in the order of their positions.

An evaluation never changes once it is complete, so its orders are made once: 4 bytes per sample and sort.
"""

import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
    TextAnnotation,
)
from libs.common.contracts.predictions import (
    BoxesPrediction,
    ClassPrediction,
    LabelsPrediction,
    MasksPrediction,
    Prediction,
)
from libs.common.contracts.results import SampleResult

# `correct` of a sample of a task that knows no right and wrong.
UNKNOWN = -1
# Of what an answer does not have: sorted as the smallest.
NONE = float("-inf")
SORTS = ("score", "confidence", "loss", "name")
DTYPES = {
    "ids": np.dtype(">u8"),
    "correct": np.dtype(np.int8),
    "subset": np.dtype(np.uint16),
    "truth": np.dtype(np.int32),
    "truth_ends": np.dtype(np.int64),
    "predicted": np.dtype(np.int32),
    "predicted_ends": np.dtype(np.int64),
    "name_ends": np.dtype(np.int64),
    **{f"by_{sort}": np.dtype(np.int32) for sort in SORTS},
}
# The words that codes stand for, and all names in a row, each with a 0 behind it.
WORDS, NAMES = "words", "names"


@dataclass
class Listed:
    """Samples by label, each label with the positions that have it."""

    codes: dict[str, int] = field(default_factory=dict)
    _positions: array = field(default_factory=lambda: array("i"))
    _codes: array = field(default_factory=lambda: array("i"))

    def add(self, position: int, labels: Iterable[str]) -> None:
        for label in labels:
            self._positions.append(position)
            self._codes.append(self.codes.setdefault(label, len(self.codes)))

    def packed(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions, those of the first label first; where those of each label end."""
        codes = np.frombuffer(self._codes, np.int32)
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(self.codes)))
        return np.frombuffer(self._positions, np.int32)[order], ends


@dataclass
class Packing:
    """Fed with every result in the order of positions, some hundred bytes for each."""

    _ids: bytearray = field(default_factory=bytearray)
    _correct: array = field(default_factory=lambda: array("b"))
    _subsets: array = field(default_factory=lambda: array("H"))
    _subset_codes: dict[str, int] = field(default_factory=dict)
    _truth: Listed = field(default_factory=Listed)
    _predicted: Listed = field(default_factory=Listed)
    _numbers: dict[str, array] = field(
        default_factory=lambda: {name: array("d") for name in ("score", "confidence", "loss")}
    )
    _names: list[bytes] = field(default_factory=list)

    def add(self, result: SampleResult) -> None:
        position = len(self._names)
        self._ids += result.sample_id.bytes
        self._correct.append(UNKNOWN if result.correct is None else result.correct)
        self._subsets.append(self._subset_codes.setdefault(result.subset, len(self._subset_codes)))
        self._truth.add(position, labels_of(result.truth))
        self._predicted.add(position, predicted_of(result.prediction))
        for name, numbers in self._numbers.items():
            value = getattr(result, name)
            numbers.append(NONE if value is None else value)
        self._names.append(result.name.encode())

    def packed(self) -> dict[str, bytes]:
        """By column, as the database keeps it."""
        truth, truth_ends = self._truth.packed()
        predicted, predicted_ends = self._predicted.packed()
        lengths = np.fromiter(map(len, self._names), np.int64, len(self._names))
        found = {
            "correct": np.frombuffer(self._correct, np.int8),
            "subset": np.frombuffer(self._subsets, np.uint16),
            "truth": truth,
            "truth_ends": truth_ends,
            "predicted": predicted,
            "predicted_ends": predicted_ends,
            "name_ends": np.cumsum(lengths + 1),
            "by_name": np.array(sorted(range(len(self._names)), key=self._names.__getitem__)),
        }
        for name, numbers in self._numbers.items():
            found[f"by_{name}"] = np.argsort(np.frombuffer(numbers, np.float64), kind="stable")
        packed = {name: values.astype(DTYPES[name]).tobytes() for name, values in found.items()}
        words = {"subset": self._subset_codes, "truth": self._truth.codes, "predicted": self._predicted.codes}
        return packed | {
            "ids": bytes(self._ids),
            WORDS: json.dumps(words).encode(),
            NAMES: b"".join(name + b"\0" for name in self._names),
        }


def unpacked(name: str, data: bytes) -> Any:
    """An array, `ids` of two numbers each; the words by kind; the names as they are."""
    if name == WORDS:
        return json.loads(data)
    if name == NAMES:
        return data
    values = np.frombuffer(data, DTYPES[name])
    return values.reshape(-1, 2) if name == "ids" else values


def size_of(column: Any) -> int:
    return column.nbytes if isinstance(column, np.ndarray) else len(column)


def labels_of(truth: Iterable[Annotation]) -> list[str]:
    """The classes a sample is filtered by; captions, targets and texts name none."""
    labels: set[str] = set()
    for annotation in truth:
        match annotation:
            case LabelsAnnotation():
                labels.update(annotation.labels)
            case CaptionAnnotation() | TargetAnnotation() | TextAnnotation():
                pass
            case _:
                labels.add(annotation.label)
    return sorted(labels)


def predicted_of(prediction: Prediction) -> list[str]:
    """The classes in an answer."""
    match prediction:
        case ClassPrediction():
            return [prediction.label]
        case LabelsPrediction():
            return sorted(set(prediction.labels))
        case BoxesPrediction():
            return sorted({box.label for box in prediction.boxes})
        case MasksPrediction():
            return sorted({mask.label for mask in prediction.masks})
        case _:
            return []


Columns = Mapping[str, Any]
