"""Accounts over HTTP, and who is a member of which project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.contracts.access import (
    Caller,
    CreatedUser,
    Member,
    MemberRequest,
    Membership,
    User,
    UserChange,
    UserRequest,
)
from libs.common.contracts.base import Page
from libs.common.contracts.projects import GetProject
from services.gateway.access import ADMINISTER, EDIT, MANAGE, READ, Signed
from services.gateway.doors import House
from services.gateway.paging import Paging
from services.gateway.people.passwords import hashed, made_password

# No Idempotency-Key here: a kept answer would keep the password of a new account.
router = APIRouter(prefix="/v1", tags=["people"])
Words = Annotated[str | None, Query(max_length=100, description="Part of the name or of the address.")]


@router.get("/users", dependencies=[EDIT])
async def list_users(house: House, paging: Paging, caller: Signed, q: Words = None) -> Page[User]:
    """For who looks for members of a project: without being an administrator one sees names and roles."""
    async with house.people() as people:
        page = await people.accounts.page(q, paging)
    return Page(items=tuple(_seen_by(caller, user) for user in page.items), next_cursor=page.next_cursor)


@router.post("/users", status_code=201, dependencies=[ADMINISTER])
async def create_user(wanted: UserRequest, house: House) -> CreatedUser:
    made = None if wanted.password else made_password()
    password = made or (wanted.password.get_secret_value() if wanted.password else "")
    password_hash = await hashed(password)
    async with house.changing_people() as people:
        return CreatedUser(user=await people.accounts.create(wanted, password_hash), password=made)


@router.get("/users/{user_id}", dependencies=[ADMINISTER])
async def get_user(user_id: UUID, house: House) -> User:
    async with house.people() as people:
        return await people.accounts.get(user_id)


@router.patch("/users/{user_id}", dependencies=[ADMINISTER])
async def change_user(user_id: UUID, wanted: UserChange, house: House) -> User:
    password_hash = await hashed(wanted.password.get_secret_value()) if wanted.password else None
    async with house.changing_people() as people:
        return await people.accounts.change(user_id, wanted, password_hash)


@router.delete("/users/{user_id}", status_code=204, dependencies=[ADMINISTER])
async def delete_user(user_id: UUID, house: House) -> None:
    """With its memberships, tokens and sessions; what it made stays."""
    async with house.changing_people() as people:
        await people.accounts.delete(user_id)


@router.get("/projects/{project_id}/members", dependencies=[READ])
async def list_members(project_id: UUID, house: House) -> Page[Member]:
    """Administrators are at home in every project without being members."""
    await house.ask(GetProject(project_id=project_id))
    async with house.people() as people:
        return await people.members.of_project(project_id)


@router.put("/projects/{project_id}/members/{user_id}", dependencies=[MANAGE])
async def put_member(project_id: UUID, user_id: UUID, wanted: MemberRequest, house: House) -> Member:
    await house.ask(GetProject(project_id=project_id))
    async with house.changing_people() as people:
        return await people.members.put(project_id, user_id, wanted.role)


@router.delete("/projects/{project_id}/members/{user_id}", status_code=204, dependencies=[MANAGE])
async def remove_member(project_id: UUID, user_id: UUID, house: House) -> None:
    async with house.changing_people() as people:
        await people.members.delete(project_id, user_id)


def _seen_by(caller: Caller, user: User) -> User:
    if caller.is_administrator:
        return user
    common: tuple[Membership, ...] = tuple(
        each for each in user.projects if caller.role_in(each.project_id) is not None
    )
    return user.model_copy(update={"email": None, "last_seen_at": None, "projects": common})
