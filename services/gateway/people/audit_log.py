"""The audit log as administrators read it."""

from uuid import UUID

from libs.common.contracts.access import AuditEntry, AuditQuery
from libs.common.contracts.base import Page
from libs.common.paging import after, page_of
from services.gateway.models import AuditRow
from services.gateway.repository.audit import Audit


class AuditLog:
    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def write(self, row: AuditRow) -> None:
        await self._audit.add(row)

    async def page(self, wanted: AuditQuery) -> Page[AuditEntry]:
        rows = await self._audit.page(wanted, after(wanted, UUID), wanted.limit + 1)
        return page_of(rows, wanted, _view, lambda row: row.id)


def _view(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        user_id=row.user_id,
        token_id=row.token_id,
        method=row.method,
        route=row.route,
        action=row.action,
        path=row.path,
        project_id=row.project_id,
        status=row.status,
        request_id=row.request_id,
        address=row.address,
    )
