"""What a file is by its first bytes: pickles are told from ONNX before anything opens them."""

import zipfile
from pathlib import Path

from libs.tasks.foreign.errors import ModelFileIsNotOnnx, ModelFileIsPickled

EXPORT_INSTEAD = "export the model with torch.onnx.export and upload that file"
PICKLE, ZIP, HDF5 = b"\x80", b"PK\x03\x04", b"\x89HDF\r\n"
# The first protocols of pickle that say which they are.
PICKLE_PROTOCOLS = range(2, 6)


def require_onnx(path: Path) -> None:
    """Protobuf has no mark of its own; what is left here is parsed."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise ModelFileIsNotOnnx("the file is empty")
    if head[:1] == PICKLE and head[1] in PICKLE_PROTOCOLS:
        raise ModelFileIsPickled(f"a pickled Python object; {EXPORT_INSTEAD}")
    if head.startswith(ZIP):
        _refuse_archive(path)
    if head.startswith(HDF5):
        raise ModelFileIsNotOnnx("an HDF5 file, as Keras writes them; convert it with tf2onnx")
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size:
        raise ModelFileIsNotOnnx(f"a safetensors file holds weights and no graph; {EXPORT_INSTEAD}")


def _refuse_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise ModelFileIsNotOnnx("a broken ZIP archive") from error
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        raise ModelFileIsPickled(f"a TorchScript file; {EXPORT_INSTEAD}")
    if any(name.endswith(".pkl") for name in names):
        raise ModelFileIsPickled(f"a PyTorch checkpoint, which is a pickle; {EXPORT_INSTEAD}")
    raise ModelFileIsNotOnnx("a ZIP archive; upload the .onnx file itself")
