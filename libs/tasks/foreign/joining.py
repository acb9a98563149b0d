"""A stranger's graph between a front and a tail, so that it is called like one of ours."""

from collections.abc import Mapping, Sequence
from itertools import chain

from onnx import ModelProto, compose, helper, version_converter

from libs.common.contracts.models import ForeignModel
from libs.common.contracts.packages import ModelCard
from libs.tasks import registry
from libs.tasks.codec import TensorSpec
from libs.tasks.foreign.errors import ModelDoesNotRun
from libs.tasks.foreign.reading import first_line, graphs
from libs.tasks.foreign.shapes import ELEMENTS, answers, image_input, raw_output, takes_pixels

FRONT, TAIL, OWN = "modelyard_front_", "modelyard_tail_", "model_"
# ONNX Runtime reads none that is newer; what is new in the next is hardly used, and the trial shows.
HIGHEST_IR_VERSION = 13


def joined(model: ModelProto, foreign: ForeignModel, card: ModelCard) -> ModelProto:
    """Images in, the outputs of the task's signature out. Raises what says why that cannot be."""
    signature = registry.task(card.task).load_codec().signature(card)
    has_pixels = takes_pixels(image_input(model, card.input))
    if foreign.answers == "logits":
        raw = raw_output(model, signature.outputs[0])
    else:
        answers(model, signature)
        raw = None
    own = {each.name: OWN + each.name for each in (*signature.inputs, *signature.outputs)}
    model = _renamed(model, own)
    if not has_pixels or raw is not None:
        model = _raised(model)
    front = _same(signature.inputs, model) if has_pixels else _front(card, model)
    tail = _same(signature.outputs, model) if raw is None else _tail(card, raw, model)
    whole = _merged(_merged(compose.add_prefix(front, FRONT), model), compose.add_prefix(tail, TAIL))
    ends = (*whole.graph.input, *whole.graph.output)
    names = (*signature.inputs, *signature.outputs)
    return _renamed(whole, {end.name: spec.name for end, spec in zip(ends, names, strict=True)})


def _front(card: ModelCard, model: ModelProto) -> ModelProto:
    from libs.tasks.foreign.parts import front  # Only here and below torch is loaded.

    return _fitted(front(card, _opset(model)), model)


def _tail(card: ModelCard, raw: Sequence[int], model: ModelProto) -> ModelProto:
    from libs.tasks.foreign.parts import tail

    return _fitted(tail(card, raw, _opset(model)), model)


def _same(specs: Sequence[TensorSpec], model: ModelProto) -> ModelProto:
    """Hands everything on as it is."""
    values = [
        helper.make_tensor_value_info(
            spec.name, ELEMENTS[spec.dtype], ["batch", *(None if each == -1 else each for each in spec.dims)]
        )
        for spec in specs
    ]
    kept = [
        helper.make_tensor_value_info(f"{each.name}_kept", each.type.tensor_type.elem_type, None)
        for each in values
    ]
    for one, other in zip(kept, values, strict=True):
        one.type.CopyFrom(other.type)
    nodes = [
        helper.make_node("Identity", [each.name], [other.name])
        for each, other in zip(values, kept, strict=True)
    ]
    graph = helper.make_graph(nodes, "same", values, kept)
    imports = [helper.make_opsetid("", _opset(model))]
    return helper.make_model(graph, opset_imports=imports, ir_version=model.ir_version)


def _raised(model: ModelProto) -> ModelProto:
    """To the lowest version in which images are resized as they were for training."""
    from libs.tasks.foreign.parts import LOWEST_OPSET

    opset = _opset(model)
    if opset >= LOWEST_OPSET:
        return model
    try:
        return version_converter.convert_version(model, LOWEST_OPSET)
    except (RuntimeError, ValueError) as error:
        wanted = f"export it with opset_version={LOWEST_OPSET} or later"
        raise ModelDoesNotRun(f"its opset {opset} is too old: {wanted} ({first_line(error)})") from error


def _fitted(part: ModelProto, model: ModelProto) -> ModelProto:
    opset = _opset(model)
    return part if _opset(part) == opset else version_converter.convert_version(part, opset)


def _merged(first: ModelProto, second: ModelProto) -> ModelProto:
    """All that the first gives goes into the second, in order."""
    weights = {each.name for each in second.graph.initializer}
    inputs = [each.name for each in second.graph.input if each.name not in weights]
    pairs = [(one.name, other) for one, other in zip(first.graph.output, inputs, strict=True)]
    newest = max(first.ir_version, second.ir_version)
    first.ir_version = second.ir_version = min(newest, HIGHEST_IR_VERSION)
    try:
        return compose.merge_models(first, second, io_map=pairs)
    except ValueError as error:
        raise ModelDoesNotRun(
            f"it cannot be joined with pre- and post-processing: {first_line(error)}"
        ) from error


def _renamed(model: ModelProto, names: Mapping[str, str]) -> ModelProto:
    """Tensors, wherever the graph or one inside it speaks of them."""
    for graph in graphs(model.graph):
        for node in graph.node:
            node.input[:] = [names.get(each, each) for each in node.input]
            node.output[:] = [names.get(each, each) for each in node.output]
        sparse = (each.values for each in graph.sparse_initializer)
        for value in chain(graph.input, graph.output, graph.value_info, graph.initializer, sparse):
            value.name = names.get(value.name, value.name)
    return model


def _opset(model: ModelProto) -> int:
    return next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 1)
