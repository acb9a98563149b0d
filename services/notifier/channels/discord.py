"""Discord: an embed at the address of an incoming webhook."""

import json
from dataclasses import dataclass

from libs.common.contracts.channels import Severity
from services.notifier.channels.posting import deliver
from services.notifier.letters import Letter, Target

COLOURS = {Severity.INFO: 0x2E7D32, Severity.WARNING: 0xED6C02, Severity.ERROR: 0xC62828}
# Discord's own limits: 256 for a title, 4096 for a description.
MOST_TITLE, MOST_TEXT, MOST_LINES = 256, 2000, 1500


@dataclass(frozen=True)
class DiscordChannel:
    allowed_hosts: tuple[str, ...]

    async def send(self, letter: Letter, target: Target) -> None:
        await deliver(target.url, json.dumps(_message(letter)).encode(), {}, self.allowed_hosts)


def _message(letter: Letter) -> dict[str, object]:
    embed = {
        "title": letter.title[:MOST_TITLE],
        "description": _description(letter),
        "url": letter.link,
        "color": COLOURS[letter.severity],
        "timestamp": letter.occurred_at.isoformat(),
        "footer": {"text": f"Modelyard · {letter.fact_type}"},
    }
    # Whoever names a run “@everyone” wakes nobody.
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _description(letter: Letter) -> str:
    text = letter.text[:MOST_TEXT]
    lines = letter.last_lines(MOST_LINES).replace("```", "'''")
    return f"{text}\n```\n{lines}\n```" if lines else text
