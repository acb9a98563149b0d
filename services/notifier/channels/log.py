"""The built-in channel: one line in the room's own log."""

from logging import ERROR, INFO, WARNING

from libs.common.contracts.channels import Severity
from libs.common.log import get_logger
from services.notifier.letters import Letter, Target

log = get_logger(__name__)
LEVELS = {Severity.INFO: INFO, Severity.WARNING: WARNING, Severity.ERROR: ERROR}


class LogChannel:
    async def send(self, letter: Letter, target: Target) -> None:
        log.log(
            LEVELS[letter.severity],
            "notification",
            fact=letter.fact_type,
            fact_id=str(letter.fact_id),
            project_id=str(letter.project_id) if letter.project_id else None,
            occurred_at=letter.occurred_at.isoformat(),
            title=letter.title,
            text=letter.text,
        )
