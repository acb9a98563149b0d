"""The audit log over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from libs.common.contracts.access import AuditEntry, AuditQuery
from libs.common.contracts.base import Page
from services.gateway.access import ADMINISTER
from services.gateway.doors import House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["people"])
Word = Annotated[str | None, Query(max_length=100)]


@router.get("/audit", dependencies=[ADMINISTER])
async def list_audit(
    house: House,
    paging: Paging,
    actor: Word = None,
    action: Word = None,
    project_id: UUID | None = None,
    outcome: Literal["done", "refused"] | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Page[AuditEntry]:
    """Newest first: who did or tried what, and how it ended."""
    wanted = AuditQuery(
        actor=actor,
        action=action,
        project_id=project_id,
        outcome=outcome,
        since=since,
        until=until,
        limit=paging.limit,
        cursor=paging.cursor,
    )
    async with house.people() as people:
        return await people.audit.page(wanted)
