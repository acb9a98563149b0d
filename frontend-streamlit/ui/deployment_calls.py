"""How a deployment is called from outside: code to copy, with its addresses and names filled in."""

import streamlit as st
from settings import settings

from libs.common.contracts.deployments import DeploymentMetadata, Tensor

CURL = """\
curl {url}/v1/deployments/{name}/predict \\
  -H "Authorization: Bearer $MODELYARD_TOKEN" \\
  -H "Content-Type: image/png" \\
  --data-binary @picture.png"""

SDK = """\
from pathlib import Path

from libs.client import Modelyard

with Modelyard() as yard:  # MODELYARD_URL and MODELYARD_TOKEN say where and who
    answer = yard.deployments.predict("{name}", Path("picture.png").read_bytes())
print(answer.predictions[0], answer.version)"""

TRITON = """\
import numpy as np
import tritonclient.{protocol} as triton
from PIL import Image

pixels = np.asarray(Image.open("picture.png").convert("RGB"))[None]  # uint8 [batch, height, width, 3]
client = triton.InferenceServerClient("{address}")
image = triton.InferInput("{input}", list(pixels.shape), "{dtype}")
image.set_data_from_numpy(pixels)
answer = client.infer("{model}", [image])
print({outputs})"""

TRITON_TYPES = {"uint8": "UINT8", "float32": "FP32", "int64": "INT64"}


def calls_view(metadata: DeploymentMetadata) -> None:
    st.caption("Any version answers under the same name; the answer says which one it was.")
    curl, sdk, http, grpc = st.tabs(["curl", "Python", "Triton over HTTP", "Triton over gRPC"])
    with curl:
        st.code(CURL.format(url=settings().public_url, name=metadata.name), language="bash")
        st.caption("Several pictures: as files of a form, `-F images=@one.png -F images=@two.png`.")
    with sdk:
        st.code(SDK.format(name=metadata.name), language="python")
    with http:
        triton_view(metadata, "http", metadata.triton_http)
    with grpc:
        triton_view(metadata, "grpc", metadata.triton_grpc)


def triton_view(metadata: DeploymentMetadata, protocol: str, address: str) -> None:
    st.code(triton_code(metadata, protocol, address), language="python")
    for title, tensors in (("In", metadata.inputs), ("Out", metadata.outputs)):
        st.caption(f"{title}: " + ", ".join(map(tensor_told, tensors)))
    st.caption("Pre-processing is in the model. A version on trial is asked through the gateway only.")


def tensor_told(tensor: Tensor) -> str:
    dims = ", ".join(["batch", *("any" if size < 0 else str(size) for size in tensor.dims)])
    return f"`{tensor.name}` {tensor.dtype} \\[{dims}\\]"


def triton_code(metadata: DeploymentMetadata, protocol: str, address: str) -> str:
    outputs = ", ".join(f'answer.as_numpy("{each.name}")' for each in metadata.outputs)
    return TRITON.format(
        protocol=protocol,
        address=address,
        input=metadata.inputs[0].name,
        dtype=TRITON_TYPES[metadata.inputs[0].dtype],
        model=metadata.triton_model,
        outputs=outputs,
    )
