"""Alerts: raised once, told, kept, and cleared when what they are about is well again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.base import Page
from libs.common.contracts.retention import AlertLimits, ChangeAlertLimits
from libs.common.contracts.system import (
    HOUSE,
    Alert,
    AlertCleared,
    AlertKind,
    AlertRaised,
    AlertSeverity,
    ListAlerts,
    NodeReading,
)
from libs.common.db.outbox import Outbox
from libs.common.errors import BadInput, Problem
from libs.common.jobs import JobLimits, JobLists
from libs.common.paging import after, page_of
from services.trainer.alerting import Watched, watched, watched_queue
from services.trainer.models import AlertRow
from services.trainer.repository import Repository
from services.trainer.repository.workers import PRESENT_FOR
from services.trainer.settings import AlertSettings, NodeLimits

WHOLE = "node"
SECTION = "alerts"


class Alerts:
    def __init__(
        self,
        repository: Repository,
        outbox: Outbox,
        lists: JobLists,
        pauses: JobLimits,
        settings: AlertSettings,
        limits: NodeLimits,
    ) -> None:
        self._repository = repository
        self._outbox = outbox
        self._lists = lists
        self._pauses = pauses
        self._settings = settings
        self._limits = limits

    async def look(self, node: str, reading: NodeReading, at: datetime) -> None:
        """What is not measured any more is not complained about any more."""
        open_alerts = {
            (row.part, row.kind): row
            for row in await self._repository.alerts.open_alerts(node)
            if row.kind != AlertKind.AWAY
        }
        await self._compare(node, watched(reading, await self._limits_now()), open_alerts, at)

    async def look_at_queue(self, at: datetime) -> None:
        """A queue that people have paused is not stuck."""
        waiting = await self._lists.backlogs()
        if (await self._pauses.get(TrainRun.kind)).is_paused:
            waiting = [each for each in waiting if each.kind != TrainRun.kind]
        present = await self._repository.workers.present(at - PRESENT_FOR)
        served = {(kind, worker.pool) for worker, _ in present for kind in worker.kinds}
        open_alerts = {(row.part, row.kind): row for row in await self._repository.alerts.open_alerts(HOUSE)}
        found = watched_queue(waiting, served, await self._limits_now())
        await self._compare(HOUSE, found, open_alerts, at)

    async def limits(self) -> AlertLimits:
        now_valid = (await self._limits_now()).model_dump(include=set(AlertLimits.model_fields))
        return AlertLimits.model_validate(now_valid)

    async def change_limits(self, wanted: ChangeAlertLimits) -> AlertLimits:
        await self._repository.house.change(SECTION, wanted.settings, wanted.changed)
        limits = await self.limits()
        if limits.temperature_critical_celsius < limits.temperature_warning_celsius:
            problem = Problem(
                field="alerts.temperature_critical_celsius", message="is below that of warnings"
            )
            raise BadInput("what is critical is at least worth a warning", errors=[problem])
        return limits

    async def _limits_now(self) -> AlertSettings:
        return await self._repository.house.get(SECTION, self._settings)

    async def _compare(
        self,
        node: str,
        found: Iterable[Watched],
        open_alerts: dict[tuple[str, str], AlertRow],
        at: datetime,
    ) -> None:
        for each in found:
            row = open_alerts.pop((each.part, each.kind.value), None)
            severity = each.severity(AlertSeverity(row.severity) if row else None)
            if severity is None:
                if row is not None:
                    await self._close(row, at)
            elif row is None:
                await self._open(node, each.part, each.kind, severity, each.words, at)
            elif row.severity != severity:
                await self._change(row, severity, each.words)
        for row in open_alerts.values():
            await self._close(row, at)

    async def look_for_silence(self, at: datetime) -> None:
        """Only for who was there all the while: a silence may have been our own."""
        silent_since = at - self._limits.away_after
        for node, run in await self._repository.nodes.silent_with_runs(silent_since):
            words = f"It is not heard of, and has the run “{run}”"
            await self._open(node, WHOLE, AlertKind.AWAY, AlertSeverity.CRITICAL, words, at)

    async def welcome_back(self, node: str, at: datetime) -> None:
        for row in await self._repository.alerts.open_alerts(node):
            if row.kind == AlertKind.AWAY:
                await self._close(row, at)

    async def close_all(self, node: str, at: datetime) -> None:
        for row in await self._repository.alerts.open_alerts(node):
            await self._close(row, at)

    async def list_alerts(self, wanted: ListAlerts) -> Page[Alert]:
        query = wanted.query
        rows = await self._repository.alerts.page(wanted, after(query, UUID), query.limit + 1)
        return page_of(rows, query, AlertRow.view, lambda row: row.id)

    async def _open(
        self, node: str, part: str, kind: AlertKind, severity: AlertSeverity, message: str, at: datetime
    ) -> None:
        row = await self._repository.alerts.open(node, part, kind, severity, message, at)
        if row is not None:
            await self._tell(row)

    async def _change(self, row: AlertRow, severity: AlertSeverity, message: str) -> None:
        """That it is worse is news; that it is only bad again is not."""
        await self._repository.alerts.change(row, severity, message)
        if severity is AlertSeverity.CRITICAL:
            await self._tell(row)

    async def _tell(self, row: AlertRow) -> None:
        alert = row.view()
        raised = AlertRaised(
            alert_id=alert.id,
            node=alert.node,
            part=alert.part,
            kind=alert.kind,
            severity=alert.severity,
            message=alert.message,
        )
        await self._outbox.add(raised)

    async def _close(self, row: AlertRow, at: datetime) -> None:
        if not await self._repository.alerts.close(row, at):
            return
        alert = row.view()
        cleared = AlertCleared(
            alert_id=alert.id,
            node=alert.node,
            part=alert.part,
            kind=alert.kind,
            message=alert.message,
            duration_seconds=max(timedelta(), at - alert.raised_at).total_seconds(),
        )
        await self._outbox.add(cleared)
