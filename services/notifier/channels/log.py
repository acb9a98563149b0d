"""The built-in channel: one line in the room's own log."""

from logging import ERROR, INFO, WARNING

from libs.common.contracts.channels import Severity
from libs.common.log import get_logger
from services.notifier.notice import Notice

log = get_logger(__name__)
LEVELS = {Severity.INFO: INFO, Severity.WARNING: WARNING, Severity.ERROR: ERROR}


class LogChannel:
    async def send(self, notice: Notice) -> None:
        log.log(
            LEVELS[notice.severity],
            "notification",
            fact=notice.fact_type,
            fact_id=str(notice.fact_id),
            project_id=str(notice.project_id) if notice.project_id else None,
            occurred_at=notice.occurred_at.isoformat(),
            title=notice.title,
            text=notice.text,
        )
