"""Exports over HTTP, from the SDK and from a shell, against a whole, real stack."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.client import Modelyard
from libs.common.contracts.exports import Export
from libs.common.contracts.runs import Run
from libs.common.errors import BadInput, NotFound
from tests.e2e.small import Small


@pytest.fixture(scope="module")
def export(yard: Modelyard, small: Small) -> Export:
    """What is quickest to make."""
    made = yard.exports.create(small.run.id, format="torchscript")
    return yard.exports.wait(made.id, timeout_seconds=180)


def test_a_file_to_take_away_is_shown_and_fetched_from_a_shell(modelyard, export: Export, tmp_path: Path):
    shown = modelyard("exports", "show", export.id)
    assert "passed" in shown
    assert "TorchScript" in shown
    assert export.model is None

    fetched = Path(modelyard("exports", "download", export.id, tmp_path).strip())

    assert fetched == tmp_path / "first-1-best.pt"  # of the run "First #1"
    assert export.file is not None
    assert hashlib.sha256(fetched.read_bytes()).hexdigest() == export.file.sha256


def test_the_formats_say_what_is_missing_for_them(modelyard):
    told = {each["format"]: each for each in json.loads(modelyard("exports", "formats", "--json"))}
    assert set(told) >= {"onnx", "openvino", "tensorrt", "torch_export", "torchscript"}
    assert "GPU" in told["tensorrt"]["reason"]


@pytest.mark.parametrize(
    ("wish", "code", "field"),
    [
        ({"format": "tensorrt"}, "format_unavailable", "format"),
        ({"format": "torchscript", "precision": "int8"}, "format_unavailable", "precision"),
        ({"checkpoint": "epoch-99"}, "checkpoint_missing", "checkpoint"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_queued(
    yard: Modelyard, small: Small, wish: dict[str, Any], code: str, field: str
):
    before = len(list(yard.exports.list(small.run.id)))
    with pytest.raises(BadInput) as refused:
        yard.exports.create(small.run.id, **wish)
    assert refused.value.code == code
    assert [problem.field for problem in refused.value.errors] == [field]
    assert len(list(yard.exports.list(small.run.id))) == before


def test_a_run_without_a_checkpoint_cannot_be_exported(yard: Modelyard, queued: list[Run]):
    with pytest.raises(BadInput) as refused:
        yard.exports.create(queued[0].id)
    assert refused.value.code == "checkpoint_missing"


@pytest.mark.parametrize("tolerance", [-0.1, 1.1])
def test_what_may_be_lost_is_a_share(yard: Modelyard, small: Small, tolerance: float):
    with pytest.raises(BadInput) as refused:
        yard.exports.create(small.run.id, metric_tolerance=tolerance)
    assert "metric_tolerance" in (refused.value.errors[0].field or "")


def test_a_part_of_a_file_can_be_fetched(stack, yard: Modelyard, export: Export, tmp_path: Path):
    whole = yard.exports.download(export.id, tmp_path / "model.pt").read_bytes()
    ask = {"Authorization": f"Bearer {stack.token}"}
    place = f"{stack.gateway_url}/v1/exports/{export.id}/download"
    url = httpx.get(place, headers=ask).headers["location"]
    part = httpx.get(url, headers={"Range": "bytes=1000-"})
    assert part.headers["content-range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    assert part.content == whole[1000:]
    assert export.filename is not None
    assert export.filename in part.headers["content-disposition"]


def test_a_certificate_is_a_file_of_its_own(stack, yard: Modelyard, export: Export):
    ask = {"Authorization": f"Bearer {stack.token}"}
    answer = httpx.get(f"{stack.gateway_url}/v1/exports/{export.id}/certificate", headers=ask)
    assert "attachment" in answer.headers["content-disposition"]
    certificate = yard.exports.certificate(export.id)
    assert answer.json() == json.loads(certificate.model_dump_json())
    assert export.file is not None
    assert certificate.sha256 == export.file.sha256
    assert certificate.parity.passed


def test_one_under_way_is_given_up_when_it_is_deleted(modelyard, yard: Modelyard, small: Small, paused: None):
    made = modelyard("exports", "create", small.run.id, "--format", "openvino", "--no-wait").strip()
    modelyard("exports", "delete", made, "--yes")
    with pytest.raises(NotFound):
        yard.exports.get(made)
    assert made not in {str(each.id) for each in yard.exports.list(project=small.first.project_id)}
