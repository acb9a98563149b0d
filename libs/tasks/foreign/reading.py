"""A stranger's ONNX file as a graph that refers to nothing outside of itself."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, inliner

from libs.tasks.foreign.errors import ModelFileIsNotOnnx, ModelHasCustomOperators, ModelHasExternalData
from libs.tasks.foreign.kinds import require_onnx

# ONNX Runtime decides which operators of the last it has.
KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
NUM_NAMED = 5


def read_graph(path: Path) -> ModelProto:
    """Its own functions are put in place of their calls; nothing else of it is changed."""
    require_onnx(path)
    model = ModelProto()
    try:
        # Not `onnx.load`, which would follow paths that the file names.
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ModelFileIsNotOnnx("the bytes are not those of an ONNX model") from error
    if not model.graph.node or not model.opset_import:
        raise ModelFileIsNotOnnx("there is no ONNX graph in it")
    _refuse_external_data(model)
    if model.functions:
        model = inliner.inline_local_functions(model)
    _refuse_custom_operators(model)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ModelFileIsNotOnnx(f"the graph is broken: {first_line(error)}") from error
    return model


def _refuse_external_data(model: ModelProto) -> None:
    for tensor in _tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise ModelHasExternalData(
                f"the tensor {tensor.name[:80]!r} is kept in another file; save the model as one file "
                "(external_data=False, or onnx.save without save_as_external_data)"
            )


def _refuse_custom_operators(model: ModelProto) -> None:
    nodes = chain.from_iterable(graph.node for graph in graphs(model.graph))
    strange = sorted({f"{node.domain}::{node.op_type}" for node in nodes if node.domain not in KNOWN_DOMAINS})
    if strange:
        named = ", ".join(name[:80] for name in strange[:NUM_NAMED])
        raise ModelHasCustomOperators(f"{named}: only operators of ONNX itself are run here")


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """The graph and those inside its nodes (If, Loop, Scan)."""
    yield graph
    for attribute in chain.from_iterable(node.attribute for node in graph.node):
        for inner in _graphs_of(attribute):
            yield from graphs(inner)


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Everywhere that a message may hold one, whether it is used or not."""
    yield from _tensors_of_nodes(node for function in model.functions for node in function.node)
    for function in model.functions:
        yield from _tensors_of(function.attribute_proto)
    inner = (
        nested
        for function in model.functions
        for node in function.node
        for attribute in node.attribute
        for nested in _graphs_of(attribute)
    )
    trained = chain.from_iterable((each.initialization, each.algorithm) for each in model.training_info)
    for graph in chain((model.graph,), inner, trained):
        for each in graphs(graph):
            yield from each.initializer
            for sparse in each.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            yield from _tensors_of_nodes(each.node)


def _tensors_of_nodes(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    for node in nodes:
        yield from _tensors_of(node.attribute)


def _tensors_of(attributes: Iterable[AttributeProto]) -> Iterator[TensorProto]:
    for attribute in attributes:
        yield attribute.t
        yield from attribute.tensors
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)


def _graphs_of(attribute: AttributeProto) -> Iterator[GraphProto]:
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
