"""Checkpoints of a run over HTTP: listed, downloaded whole or in parts, deleted."""

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from starlette.responses import RedirectResponse, StreamingResponse

from libs.common.artifacts import package_card, package_weights
from libs.common.contracts.checkpoints import Checkpoint, DeleteCheckpoint, ListCheckpoints
from libs.common.errors import NotFound
from services.gateway.access import EDIT, READ
from services.gateway.doors import Doors, House
from services.gateway.tars import Member, tar_of

router = APIRouter(prefix="/v1", tags=["runs"])
Part = Literal["weights", "card", "state", "package"]
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}}},
    307: {"description": "A link into the object store that lives an hour"},
}


class CheckpointIsUnknown(NotFound):
    code, title = "checkpoint_not_found", "There is no such checkpoint"


class StateIsNotKept(NotFound):
    code, title = "state_not_kept", "Nothing can go on from this checkpoint"


@router.get("/runs/{run_id}/checkpoints", dependencies=[READ])
async def list_checkpoints(run_id: UUID, house: House) -> tuple[Checkpoint, ...]:
    return await house.ask(ListCheckpoints(run_id=run_id))


@router.get(
    "/runs/{run_id}/checkpoints/{name}", dependencies=[READ], response_class=Response, responses=FILES
)
async def download_checkpoint(run_id: UUID, name: str, house: House, part: Part = "weights") -> Response:
    """Redirects to the weights (safetensors), the model's card, or the state that training goes on from;
    `package` is weights and card together, as a tar."""
    found = await _checkpoint(house, run_id, name)
    if part == "package":
        return await _package(house, run_id, found)
    key, suffix = _file(found, part)
    filename = f"{run_id}-{found.name}.{suffix}"
    return RedirectResponse(house.storage.presign_get(key, filename=filename), 307)


@router.delete("/runs/{run_id}/checkpoints/{name}", dependencies=[EDIT])
async def delete_checkpoint(run_id: UUID, name: str, house: House) -> tuple[Checkpoint, ...]:
    return await house.ask(DeleteCheckpoint(run_id=run_id, name=name))


async def _checkpoint(house: Doors, run_id: UUID, name: str) -> Checkpoint:
    for each in await house.ask(ListCheckpoints(run_id=run_id)):
        if each.name == name:
            return each
    raise CheckpointIsUnknown(f"this run has no checkpoint {name!r}")


def _file(found: Checkpoint, part: Literal["weights", "card", "state"]) -> tuple[str, str]:
    match part:
        case "weights":
            return package_weights(found.package), "safetensors"
        case "card":
            return package_card(found.package), "json"
        case "state":
            if found.resume is None:
                raise StateIsNotKept(f"of {found.name!r} only the model is kept; `last` has a state")
            return found.resume, "ckpt"


async def _package(house: Doors, run_id: UUID, found: Checkpoint) -> Response:
    """The sizes are asked before the headers go out: what is not there any more is a 404."""
    keys = package_card(found.package), package_weights(found.package)
    members = [
        Member(key, key.rpartition("/")[2], (await house.storage.stat(key)).size_bytes) for key in keys
    ]
    body, size_bytes = tar_of(house.storage, members)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f'attachment; filename="{run_id}-{found.name}.tar"',
    }
    return StreamingResponse(body, headers=headers, media_type="application/x-tar")
