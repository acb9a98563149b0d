"""Triton's Python backend for one ONNX file: the same graph where the `onnxruntime` backend is not at hand.

Runs in Triton's own interpreter, which has numpy below 2 and ONNX Runtime; nothing of Modelyard is imported.
"""

import os
from pathlib import Path

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]


class TritonPythonModel:
    def initialize(self, args):
        folder = Path(args["model_repository"]) / args["model_version"]
        options = onnxruntime.SessionOptions()
        # Requests of several models share the cores: spinning threads of one would starve the others.
        options.intra_op_num_threads = max(1, len(os.sched_getaffinity(0)) // 2)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                folder / "model.onnx", options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            reason = str(error).replace(f"{folder}/", "")
            raise pb_utils.TritonModelException(f"ONNX Runtime refuses the file: {reason}") from error
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [node.name for node in self._session.get_outputs()]

    def execute(self, requests):
        """Triton hands over requests of one shape: they run as one batch and are taken apart again."""
        parts = [
            [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs]
            for request in requests
        ]
        columns = [
            columns[0] if len(columns) == 1 else np.concatenate(columns)
            for columns in zip(*parts, strict=True)
        ]
        try:
            outputs = self._session.run(self._outputs, dict(zip(self._inputs, columns, strict=True)))
        except Exception as error:  # noqa: BLE001 — ONNX Runtime's errors share no better family
            failure = pb_utils.TritonError(f"the graph refused the input: {error}")
            return [pb_utils.InferenceResponse(error=failure) for _ in requests]
        ends = np.cumsum([len(part[0]) for part in parts])
        return [
            pb_utils.InferenceResponse(
                [
                    pb_utils.Tensor(name, np.ascontiguousarray(np.asarray(output)[end - len(part[0]) : end]))
                    for name, output in zip(self._outputs, outputs, strict=True)
                ]
            )
            for end, part in zip(ends, parts, strict=True)
        ]
