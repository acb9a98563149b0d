"""Requests about data that make no sense: each is refused with its field, and nothing breaks inside."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.client import Modelyard
from tests.integration.datasets.archives import class_folders

NOWHERE = str(UUID(int=0))
SOURCE = {"kind": "upload", "upload_id": NOWHERE}
BOX = {"type": "box", "label": "a", "x": 1, "y": 1, "width": 2, "height": 2}
# What strangers put where something else should be.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 10**30, 1e308, "", " ", "a\0b", "x" * 10_000, "../..", [], [[]], {}, {"": None},
    [None], ["a\0b"], "é" * 400, {"a\0b": "a\0b"}, {"kind": "path", "path": "/etc/\0"}, [BOX | {"x": 1e308}],
    [BOX | {"label": "a\0b"}], [BOX | {"width": 0}], [BOX, BOX], {NOWHERE: [BOX]}, [{"type": "nothing"}],
    {"type": "ratio", "train": -1}, {"type": "field", "field": "a\0b"}, {"kind": "url", "url": "http://[::1"},
    {"kind": "s3", "bucket": "a\0b", "prefix": "\0"}, {"kind": "huggingface", "repository": "../.."},
)  # fmt: skip
# Bodies that would do, if what they name were there.
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/datasets/detect": {"source": SOURCE, "format": "coco", "options": {}, "is_thorough": True},
    "POST /v1/projects/{project}/datasets": {"name": "n", "source": SOURCE, "format": "coco", "options": {}},
    "PATCH /v1/datasets/{dataset}": {"name": "renamed"},
    "POST /v1/datasets/{dataset}/prepare": {"adapter": "coco", "options": {}},
    "POST /v1/datasets/{dataset}/samples": {"source": SOURCE, "format": "coco", "options": {}},
    "PATCH /v1/datasets/{dataset}/samples": {"remove": [NOWHERE], "annotations": {}, "message": "m"},
    "PUT /v1/samples/{sample}/annotations": {"annotations": [BOX | {"x": "x"}], "version": 1},
    "POST /v1/datasets/{dataset}/exports": {"format": "coco", "version": 7, "split_id": NOWHERE},
    "POST /v1/datasets/{dataset}/splits": {"name": "s", "method": {}, "version": 7},
    "POST /v1/datasets/{dataset}/splits/preview": {"method": {}, "version": 7},
    "POST /v1/uploads": {"filename": "", "size_bytes": 1},
}
NAMING = ("source.upload_id", "split_id")
RAW = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 10_000, b'{"name": NaN}')
PLACES = (
    "/v1/datasets/{dataset}/samples?limit=x", "/v1/datasets/{dataset}/samples?cursor=%00",
    "/v1/datasets/{dataset}/samples?cursor=AAAA&sort=name", "/v1/datasets/{dataset}/samples?q=a%00b",
    "/v1/datasets/{dataset}/samples?sort=colour",
    "/v1/datasets/{dataset}/samples?version=99999999999999999999", "/v1/datasets/{dataset}/samples?version=0",
    "/v1/datasets/{dataset}/samples?version=2147483648",
    "/v1/datasets/{dataset}/versions/0/diff", "/v1/datasets/{dataset}/versions/-1/diff",
    "/v1/datasets/{dataset}/versions/99999999999999999999/diff", "/v1/datasets/{dataset}/versions/x/diff",
    "/v1/datasets/{dataset}/versions/1/diff?against=7", "/v1/datasets/{dataset}/versions/1/diff?cursor=%00",
    "/v1/datasets/{dataset}/report?cursor=-", "/v1/datasets/{dataset}/report?cursor=99999999999999999999",
    "/v1/datasets/{dataset}/stats?version=4000000000", "/v1/datasets/{dataset}/preview?version=-5",
    "/v1/datasets/a%00b", "/v1/samples/a/thumbnail", "/v1/detections/00000000-0000-0000-0000-000000000000",
    "/v1/samples/{sample}?version=4000000000", "/v1/datasets/{dataset}/exports/x",
    "/v1/datasets/{dataset}/versions?limit=0", "/v1/datasets/{dataset}/versions?cursor=%F0%9F",
    "/v1/projects?cursor=%ED%A0%80",
)  # fmt: skip


@pytest.fixture(scope="module")
def places(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    path = tmp_path_factory.mktemp("odd") / "odd.zip"
    path.write_bytes(class_folders({"a": 2}))
    project = yard.projects.create("Odd requests", "classification")
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "odd", yard.uploads.send(path).id).id)
    return {"project": project.id, "dataset": dataset.id, "sample": yard.samples.page(dataset.id).items[0].id}


@pytest.fixture
def door(stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=30) as client:
        yield client


def assert_refused(answer: httpx.Response) -> None:
    said = (answer.request.method, answer.request.url, answer.request.content[:300], answer.text[:500])
    assert 400 <= answer.status_code < 500, said
    assert answer.headers["content-type"].startswith("application/problem+json"), said
    problem = answer.json()
    assert problem["status"] == answer.status_code and problem["code"] and problem["detail"], said


@pytest.mark.parametrize("route", BODIES)
def test_a_wrong_body_is_refused_with_its_field(door: httpx.Client, places: dict[str, object], route: str):
    method, path = route.split()
    url, body = path.format(**places), BODIES[route]
    for raw in RAW if "prepare" not in route else RAW[1:]:
        answer = door.request(method, url, content=raw, headers={"content-type": "application/json"})
        assert_refused(answer)
    answer = door.request(method, url, json=body | {"no_such_field": 1})
    assert_refused(answer)
    # What names a thing that is not there is told so before anything else is looked at.
    named = {problem["field"] for problem in answer.json()["errors"]}
    assert named & ({"no_such_field"} if answer.status_code == 422 else set(NAMING)), answer.text


@pytest.mark.parametrize("route", BODIES)
def test_no_value_of_a_field_breaks_anything(door: httpx.Client, places: dict[str, object], route: str):
    """Some make sense, and are carried out."""
    method, path = route.split()
    for field in BODIES[route]:
        for value in ODD:
            answer = door.request(method, path.format(**places), json=BODIES[route] | {field: value})
            if not answer.is_success:
                assert_refused(answer)


@pytest.mark.parametrize("place", PLACES)
def test_a_wrong_address_is_refused(door: httpx.Client, places: dict[str, object], place: str):
    assert_refused(door.get(place.format(**places)))
