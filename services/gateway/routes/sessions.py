"""Where an account is signed in, and the end of it: one's own, and for administrators anybody's."""

from uuid import UUID

from fastapi import APIRouter, Request

from libs.common.contracts.access import Session
from libs.common.contracts.base import Page
from services.gateway.access import ADMINISTER, READ, Signed, sent_secret
from services.gateway.doors import House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["people"])


@router.get("/auth/sessions", dependencies=[READ])
async def list_sessions(request: Request, house: House, paging: Paging, caller: Signed) -> Page[Session]:
    """One's own, the newest first. A token that may less than its owner sees those it has opened."""
    async with house.people() as people:
        return await people.sessions.page_for(caller, paging, sent_secret(request) or "")


@router.delete("/auth/sessions", status_code=204, dependencies=[READ])
async def end_other_sessions(request: Request, house: House, caller: Signed) -> None:
    """All but the one that asks."""
    async with house.changing_people() as people:
        await people.sessions.end_others(caller, sent_secret(request) or "")


@router.delete("/auth/sessions/{session_id}", status_code=204, dependencies=[READ])
async def end_session(session_id: UUID, house: House, caller: Signed) -> None:
    async with house.changing_people() as people:
        await people.sessions.end(caller, session_id)


@router.get("/users/{user_id}/sessions", dependencies=[ADMINISTER])
async def list_sessions_of(user_id: UUID, request: Request, house: House, paging: Paging) -> Page[Session]:
    async with house.people() as people:
        await people.accounts.get(user_id)
        return await people.sessions.page_of_user(user_id, paging, sent_secret(request) or "")


@router.delete("/users/{user_id}/sessions", status_code=204, dependencies=[ADMINISTER])
async def end_sessions_of(user_id: UUID, house: House) -> None:
    """Signed out everywhere; who it is signs in again."""
    async with house.changing_people() as people:
        await people.accounts.get(user_id)
        await people.sessions.end_all(user_id)
