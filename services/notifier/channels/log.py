"""The built-in channel: one line in the room's own log."""

from libs.common.contracts.channels import Severity
from libs.common.log import get_logger
from services.notifier.notice import Notice

log = get_logger(__name__)
LINES = {Severity.INFO: log.info, Severity.WARNING: log.warning, Severity.ERROR: log.error}


class LogChannel:
    async def send(self, notice: Notice) -> None:
        LINES[notice.severity](
            "notification",
            fact=notice.fact_type,
            fact_id=str(notice.fact_id),
            project_id=str(notice.project_id) if notice.project_id else None,
            occurred_at=notice.occurred_at.isoformat(),
            title=notice.title,
            text=notice.text,
        )
