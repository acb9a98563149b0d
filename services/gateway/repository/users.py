"""Accounts, and the projects they are members of."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.access import Role
from libs.common.contracts.base import now
from services.gateway.models import MembershipRow, UserRow


class Users:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: UserRow) -> bool:
        """False if there is an account of this name already."""
        values = {column.key: getattr(row, column.key) for column in UserRow.__table__.columns}
        made = await self._session.execute(
            insert(UserRow).values(**values).on_conflict_do_nothing().returning(UserRow.id)
        )
        return made.scalar_one_or_none() is not None

    async def is_empty(self) -> bool:
        return await self._session.scalar(select(UserRow.id).limit(1)) is None

    async def get(self, user_id: UUID, *, lock: bool = False) -> UserRow | None:
        statement = select(UserRow).where(UserRow.id == user_id)
        return await self._session.scalar(statement.with_for_update() if lock else statement)

    async def named(self, name: str) -> UserRow | None:
        return await self._session.scalar(select(UserRow).where(UserRow.name == name))

    async def external(self, issuer: str, subject: str) -> UserRow | None:
        return await self._session.scalar(
            select(UserRow).where(UserRow.issuer == issuer, UserRow.subject == subject)
        )

    async def page(self, words: str | None, last: str | None, limit: int) -> Sequence[UserRow]:
        """By name; `words` are part of the name or of the address."""
        statement = select(UserRow).order_by(UserRow.name).limit(limit)
        if last is not None:
            statement = statement.where(UserRow.name > last)
        if words:
            part = words.lower()
            found = UserRow.email.icontains(part, autoescape=True)
            statement = statement.where(or_(UserRow.name.contains(part, autoescape=True), found))
        return (await self._session.scalars(statement)).all()

    async def active_administrators(self) -> Sequence[UserRow]:
        """Oldest first, locked: who takes one away waits for whoever takes another."""
        statement = select(UserRow).where(UserRow.role == Role.ADMIN, UserRow.is_active)
        return (await self._session.scalars(statement.order_by(UserRow.id).with_for_update())).all()

    async def touch(self, user_id: UUID, at: datetime) -> None:
        await self._session.execute(update(UserRow).where(UserRow.id == user_id).values(last_seen_at=at))

    async def flush(self) -> None:
        await self._session.flush()

    async def delete(self, row: UserRow) -> None:
        """With its memberships, tokens and sessions."""
        await self._session.execute(delete(UserRow).where(UserRow.id == row.id))


class Members:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_users(self, user_ids: Sequence[UUID]) -> Sequence[MembershipRow]:
        statement = select(MembershipRow).where(MembershipRow.user_id.in_(user_ids))
        return (await self._session.scalars(statement.order_by(MembershipRow.project_id))).all()

    async def of_project(self, project_id: UUID) -> Sequence[tuple[MembershipRow, str]]:
        """With their names, in the order of those."""
        statement = (
            select(MembershipRow, UserRow.name)
            .join(UserRow, UserRow.id == MembershipRow.user_id)
            .where(MembershipRow.project_id == project_id)
        )
        rows = await self._session.execute(statement.order_by(UserRow.name))
        return [(row, name) for row, name in rows]

    async def put(self, user_id: UUID, project_id: UUID, role: Role) -> MembershipRow:
        """Whoever is a member already keeps the day on which that began."""
        statement = (
            insert(MembershipRow)
            .values(user_id=user_id, project_id=project_id, role=role, added_at=now())
            .on_conflict_do_update(index_elements=["user_id", "project_id"], set_={"role": role})
            .returning(MembershipRow)
        )
        return (await self._session.scalars(statement, execution_options={"populate_existing": True})).one()

    async def delete(self, user_id: UUID, project_id: UUID) -> bool:
        statement = delete(MembershipRow).where(
            MembershipRow.user_id == user_id, MembershipRow.project_id == project_id
        )
        deleted = await self._session.execute(statement.returning(MembershipRow.user_id))
        return deleted.scalar_one_or_none() is not None

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(MembershipRow).where(MembershipRow.project_id == project_id))
