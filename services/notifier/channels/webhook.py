"""Any server: a Notification as JSON, signed so that it can tell who sent it and when."""

import time
from dataclasses import dataclass

from libs.common.contracts.channels import Notification
from libs.common.signatures import DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from services.notifier.channels.posting import deliver
from services.notifier.letters import Letter, Target


@dataclass(frozen=True)
class WebhookChannel:
    allowed_hosts: tuple[str, ...]

    async def send(self, letter: Letter, target: Target) -> None:
        body = _notification(letter).model_dump_json().encode()
        timestamp = int(time.time())
        headers = {
            DELIVERY_HEADER: str(letter.id),
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(target.secret, timestamp, body),
        }
        await deliver(target.url, body, headers, self.allowed_hosts)


def _notification(letter: Letter) -> Notification:
    return Notification(
        id=letter.id,
        type=letter.fact_type,
        severity=letter.severity,
        title=letter.title,
        text=letter.text,
        link=letter.link,
        project_id=letter.project_id,
        occurred_at=letter.occurred_at,
        data=letter.data,
    )
