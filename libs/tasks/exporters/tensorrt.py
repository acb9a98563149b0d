"""TensorRT: an engine for the very GPU that it is built on, from the ONNX graph."""

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from libs.common.contracts.exports import Precision
from libs.common.errors import BadInput
from libs.tasks.exporters.exporter import Exporter, Making, Opened, missing_package, named

if TYPE_CHECKING:
    import numpy as np

    from libs.tasks.predicting import LoadedModel

# Of the profile that the engine is built for: as many images at once at least, best, at most.
BATCHES = (1, 8, 64)
DRIVER = Path("/proc/driver/nvidia/version")


class EngineCannotBeBuilt(BadInput):
    code, title = "engine_not_built", "TensorRT cannot build an engine of this model"


def missing() -> str | None:
    if not DRIVER.exists():
        return "TensorRT builds for the NVIDIA GPU it runs on, and there is none here"
    return missing_package("tensorrt", "tensorrt")


def write(making: Making) -> None:
    import torch

    from libs.tasks.exporters.graphs import write_onnx

    graph = making.path.with_suffix(".onnx")
    write_onnx(making.loaded, graph, making.precision, has_own_size=True)
    with torch.cuda.device(_gpu(making.device)):
        making.path.write_bytes(_engine(graph, making.about))


def _engine(graph: Path, about: Mapping[str, str]) -> Any:
    tensorrt = _tensorrt()
    builder = tensorrt.Builder(_log(tensorrt))
    # The graph says what is half and what is whole; TensorRT shall not decide it again.
    network = builder.create_network(1 << int(tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = tensorrt.OnnxParser(network, _log(tensorrt))
    if not parser.parse_from_file(str(graph)):
        reasons = "; ".join(str(parser.get_error(number)) for number in range(parser.num_errors))
        raise EngineCannotBeBuilt(reasons)
    network.name = json.dumps(dict(about))
    engine = builder.build_serialized_network(network, _configured(tensorrt, builder, network))
    if engine is None:
        raise EngineCannotBeBuilt("no engine came out; what TensorRT wrote is in the log of the room")
    return engine


def _configured(tensorrt: Any, builder: Any, network: Any) -> Any:
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    # Ten bits of a factor are not what FP32 promises.
    config.clear_flag(tensorrt.BuilderFlag.TF32)
    images = network.get_input(0)
    profile.set_shape(images.name, *((batch, *images.shape[1:]) for batch in BATCHES))
    config.add_optimization_profile(profile)
    return config


def open_file(path: Path, loaded: "LoadedModel", device: str) -> Opened:
    """torch holds the memory of the GPU: tensors in, tensors out."""
    import torch

    tensorrt, gpu = _tensorrt(), _gpu(device)
    engine = tensorrt.Runtime(_log(tensorrt)).deserialize_cuda_engine(path.read_bytes())
    context = engine.create_execution_context()
    signature = loaded.codec.signature(loaded.card)
    kinds = {"uint8": torch.uint8, "float32": torch.float32, "int64": torch.int64}

    def run(pixels: "np.ndarray") -> "Sequence[np.ndarray]":
        images, (first,) = torch.from_numpy(pixels).to(gpu), signature.inputs
        context.set_input_shape(first.name, tuple(images.shape))
        tensors = {first.name: images}
        for output in signature.outputs:
            shape = tuple(context.get_tensor_shape(output.name))
            tensors[output.name] = torch.empty(shape, dtype=kinds[output.dtype], device=gpu)
        for name, tensor in tensors.items():
            context.set_tensor_address(name, tensor.data_ptr())
        with torch.cuda.device(gpu):
            stream = torch.cuda.current_stream()
            context.execute_async_v3(stream.cuda_stream)
            stream.synchronize()
        return [tensors[output.name].cpu().numpy() for output in signature.outputs]

    return Opened(named("TensorRT", "tensorrt"), run)


def _gpu(device: str) -> Any:
    """The one that the job was given, else the first."""
    import torch

    from libs.tasks.predicting import torch_device

    return torch.device("cuda", torch_device(device).index or 0)


def _tensorrt() -> Any:
    """It ships no types, and is not installed where our types are checked."""
    return import_module("tensorrt")


def _log(tensorrt: Any) -> Any:
    return tensorrt.Logger(tensorrt.Logger.WARNING)


EXPORTER = Exporter(
    id="tensorrt",
    title="TensorRT, for images of the network's own size",
    suffix="engine",
    precisions=(Precision.FP32, Precision.FP16),
    missing=missing,
    write=write,
    open=open_file,
    has_own_size=True,
)
