"""Slack, and what understands its messages (Mattermost, Rocket.Chat): blocks at an incoming webhook."""

import json
from dataclasses import dataclass

from libs.common.contracts.channels import Severity
from services.notifier.channels.posting import deliver
from services.notifier.letters import Letter, Target

SIGNS = {Severity.INFO: "🟢", Severity.WARNING: "🟠", Severity.ERROR: "🔴"}
# Slack's own limit is 3000 for the text of a section, and its escapes make longer.
MOST_TITLE, MOST_TEXT, MOST_LINES = 200, 1000, 1000


@dataclass(frozen=True)
class SlackChannel:
    allowed_hosts: tuple[str, ...]

    async def send(self, letter: Letter, target: Target) -> None:
        await deliver(target.url, json.dumps(_message(letter)).encode(), {}, self.allowed_hosts)


def _message(letter: Letter) -> dict[str, object]:
    title = f"{SIGNS[letter.severity]} {_escaped(letter.title[:MOST_TITLE])}"
    sections = [f"*{title}*\n{_escaped(letter.text[:MOST_TEXT])}\n<{letter.link}|Open in Modelyard>"]
    if lines := letter.last_lines(MOST_LINES):
        sections.append(f"```{_escaped(lines).replace('```', _QUOTES)}```")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in sections]
    return {"text": title, "blocks": blocks}


_QUOTES = "'''"


def _escaped(text: str) -> str:
    """Slack reads `<!channel>` as a call to everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
