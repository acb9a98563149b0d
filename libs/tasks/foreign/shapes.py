"""What a stranger's graph takes and gives, as it says itself; the trial shows whether that is so."""

from collections.abc import Sequence

from onnx import ModelProto, TensorProto, ValueInfoProto

from libs.common.contracts.packages import ImageInput
from libs.tasks.codec import ServingSignature, TensorSpec
from libs.tasks.foreign.errors import (
    ModelBatchIsFixed,
    ModelClassesDoNotFit,
    ModelInputDoesNotFit,
    ModelOutputDoesNotFit,
)

ELEMENTS = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
WANTED = "uint8 [batch, height, width, 3] of any size, or float32 [batch, 3, height, width]"
DYNAMIC = "export it with a dynamic batch (dynamic_shapes, or dynamic_axes of older exporters)"


def takes_pixels(value: ValueInfoProto) -> bool:
    """Images as they are; anything else wants them resized and normalised before."""
    return value.type.tensor_type.elem_type == TensorProto.UINT8


def image_input(model: ModelProto, given: ImageInput) -> ValueInfoProto:
    """The one input, if it is one of images."""
    weights = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    if len(inputs) != 1:
        raise ModelInputDoesNotFit(f"the model has {len(inputs)} inputs; one is wanted: {WANTED}")
    (value,) = inputs
    shape = sides(value)
    if len(shape) != 4 or value.type.tensor_type.elem_type not in (TensorProto.UINT8, TensorProto.FLOAT):
        raise ModelInputDoesNotFit(f"the input is {described(value)}; wanted is {WANTED}")
    if shape[0] is not None:
        raise ModelBatchIsFixed(f"the input is {described(value)}: {DYNAMIC}")
    if takes_pixels(value):
        if shape[1:3] != (None, None) or shape[3] not in (None, 3):
            raise ModelInputDoesNotFit(
                f"the input is {described(value)}; pixels are taken of any size: {WANTED}"
            )
        return value
    own = (3, given.height, given.width)
    if any(found not in (None, wanted) for found, wanted in zip(shape[1:], own, strict=True)):
        said = f"3 × {given.height} × {given.width}"
        raise ModelInputDoesNotFit(
            f"the input is {described(value)}; height and width were said to be {said}"
        )
    return value


def answers(model: ModelProto, signature: ServingSignature) -> Sequence[ValueInfoProto]:
    """As many as the task has, each as the task has it."""
    found, wanted = model.graph.output, signature.outputs
    if len(found) != len(wanted):
        raise ModelOutputDoesNotFit(f"the model has {_named(found)}; the task has {len(wanted)}")
    for value, spec in zip(found, wanted, strict=True):
        _require_kind(value, spec.dtype)
        if value.type.tensor_type.HasField("shape"):
            _require_shape(value, spec)
    return found


def raw_output(model: ModelProto, like: TensorSpec) -> tuple[int, ...]:
    """Its lengths per image; those that it does not say are as in `like`."""
    if len(model.graph.output) != 1:
        raise ModelOutputDoesNotFit(f"the model has {_named(model.graph.output)}; of logits one is wanted")
    (value,) = model.graph.output
    _require_kind(value, "float32")
    shape = sides(value)
    if not value.type.tensor_type.HasField("shape"):
        return like.dims
    _require_batch(value)
    if len(shape) != 1 + len(like.dims):
        raise ModelOutputDoesNotFit(f"the output is {described(value)}; wanted is {_wanted(like)}")
    return tuple(own or wanted for own, wanted in zip(shape[1:], like.dims, strict=True))


def sides(value: ValueInfoProto) -> tuple[int | None, ...]:
    """None where any length goes."""
    shape = value.type.tensor_type.shape.dim
    return tuple(each.dim_value if each.HasField("dim_value") else None for each in shape)


def described(value: ValueInfoProto) -> str:
    kind = value.type.tensor_type.elem_type
    lengths = ", ".join("?" if each is None else str(each) for each in sides(value))
    return f"{TensorProto.DataType.Name(kind).lower() if kind else 'no tensor'} [{lengths}]"


def require_lengths(name: str, found: Sequence[int | None], spec: TensorSpec) -> None:
    """Per image."""
    for length, wanted in zip(found, spec.dims, strict=True):
        if length is not None and wanted not in (-1, length):
            detail = (
                f"{name[:40]!r} has {length} values per image; by the classes that were named it has {wanted}"
            )
            raise ModelClassesDoNotFit(detail)


def _require_kind(value: ValueInfoProto, dtype: str) -> None:
    if value.type.tensor_type.elem_type != ELEMENTS[dtype]:
        raise ModelOutputDoesNotFit(
            f"the output {value.name[:40]!r} is {described(value)}; wanted is {dtype}"
        )


def _require_shape(value: ValueInfoProto, spec: TensorSpec) -> None:
    shape = sides(value)
    if len(shape) != 1 + len(spec.dims):
        detail = f"the output {value.name[:40]!r} is {described(value)}; wanted is {_wanted(spec)}"
        raise ModelOutputDoesNotFit(detail)
    _require_batch(value)
    require_lengths(value.name, shape[1:], spec)


def _require_batch(value: ValueInfoProto) -> None:
    if sides(value)[:1] != (None,):
        raise ModelBatchIsFixed(f"the output {value.name[:40]!r} is {described(value)}: {DYNAMIC}")


def _wanted(spec: TensorSpec) -> str:
    return f"{spec.dtype} [batch, {', '.join(map(str, spec.dims))}]"


def _named(values: Sequence[ValueInfoProto]) -> str:
    return f"{len(values)} outputs ({', '.join(each.name[:40] for each in values[:5])})"
