"""All that happens to an uploaded ONNX file; in a process of its own, since strangers made it."""

from collections.abc import Callable
from pathlib import Path

import onnx

from libs.common.contracts.models import ForeignModel
from libs.common.contracts.packages import ModelCard
from libs.tasks.foreign.card import card_of
from libs.tasks.foreign.joining import joined
from libs.tasks.foreign.reading import read_graph
from libs.tasks.foreign.trial import try_out

Told = Callable[[float, str], None]


def bring_in(source: Path, target: Path, foreign: ForeignModel, filename: str, tell: Told) -> ModelCard:
    """Writes `target`, which answers like an export of ours, or raises why it cannot."""
    card = card_of(foreign)
    model = read_graph(source)
    tell(0.3, "joining it with pre- and post-processing")
    model = joined(model, foreign, card)
    properties = {each.key: each.value for each in model.metadata_props}
    own = {"modelyard.origin": "upload", "modelyard.file": filename, "model_card": card.model_dump_json()}
    onnx.helper.set_model_props(model, {**properties, **own})
    onnx.save(model, target)
    tell(0.7, "trying it out")
    try_out(target, card)
    return card
