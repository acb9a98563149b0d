"""What may be done by an account, and by a token of it: never more than by the account."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.access import Caller, Membership, Role
from services.gateway.models import MembershipRow, TokenRow, UserRow


def caller_with(user: UserRow, memberships: Sequence[MembershipRow], token: TokenRow | None = None) -> Caller:
    """A token for some projects only is no administrator of the house, whoever owns it."""
    limit = Role(token.role) if token else None
    role = Role(user.role).lowered_to(limit)
    within = None if token is None or token.projects is None else frozenset(token.projects)
    is_home_everywhere = user.role == Role.ADMIN
    if is_home_everywhere and within is None:
        return _caller(user, token, role, sees_all_projects=True)
    if is_home_everywhere:
        roles = dict.fromkeys(sorted(within or ()), Role.ADMIN)
    else:
        roles = {each.project_id: Role(each.role) for each in memberships}
    # Who is a viewer stays one in every project; an editor may be the admin of some.
    most = Role.VIEWER if user.role == Role.VIEWER else None
    projects = tuple(
        Membership(project_id=project, role=own.lowered_to(most).lowered_to(limit))
        for project, own in roles.items()
        if within is None or project in within
    )
    if within is not None:
        role = role.lowered_to(Role.EDITOR)
    return _caller(user, token, role, projects=projects)


def _caller(
    user: UserRow,
    token: TokenRow | None,
    role: Role,
    *,
    sees_all_projects: bool = False,
    projects: tuple[Membership, ...] = (),
) -> Caller:
    token_id: UUID | None = token.id if token else None
    return Caller(
        name=user.name,
        role=role,
        user_id=user.id,
        token_id=token_id,
        sees_all_projects=sees_all_projects,
        projects=projects,
    )
