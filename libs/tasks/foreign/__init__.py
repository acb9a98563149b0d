"""Models from elsewhere: what an ONNX file must be to be served like our own; see README.md."""

from libs.tasks.foreign.card import ForeignModelIsInvalid, card_of

__all__ = ["ForeignModelIsInvalid", "card_of"]
