"""Who is a member of which project, as what."""

from uuid import UUID

from libs.common.contracts.access import Member, Role
from libs.common.contracts.base import Page
from services.gateway.errors import MemberIsMissing, UserIsMissing
from services.gateway.models import MembershipRow
from services.gateway.repository.users import Members, Users


class Memberships:
    def __init__(self, users: Users, members: Members) -> None:
        self._users = users
        self._members = members

    async def of_project(self, project_id: UUID) -> Page[Member]:
        return Page(items=tuple(_view(row, name) for row, name in await self._members.of_project(project_id)))

    async def put(self, project_id: UUID, user_id: UUID, role: Role) -> Member:
        """Locks the account: one that is just being removed becomes no member."""
        user = await self._users.get(user_id, lock=True)
        if user is None:
            raise UserIsMissing("there is no such account")
        return _view(await self._members.put(user_id, project_id, role), user.name)

    async def delete(self, project_id: UUID, user_id: UUID) -> None:
        if not await self._members.delete(user_id, project_id):
            raise MemberIsMissing("this account is not a member of the project")

    async def forget_project(self, project_id: UUID) -> None:
        await self._members.delete_project(project_id)


def _view(row: MembershipRow, name: str) -> Member:
    return Member(user_id=row.user_id, name=name, role=Role(row.role), added_at=row.added_at)
