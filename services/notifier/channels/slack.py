"""Slack, and what understands its messages (Mattermost, Rocket.Chat): blocks at an incoming webhook."""

import json
import re
from dataclasses import dataclass

from libs.common.contracts.channels import Severity
from services.notifier.channels.posting import deliver
from services.notifier.letters import Letter, Target

SIGNS = {Severity.INFO: "🟢", Severity.WARNING: "🟠", Severity.ERROR: "🔴"}
# Slack's own limit is 3000 for the text of a section; its escapes count.
MOST_TITLE, MOST_TEXT, MOST_LINES = 300, 2000, 2800
QUOTES = "'''"
CUT_ESCAPE = re.compile(r"&[a-z]{0,3}$")


@dataclass(frozen=True)
class SlackChannel:
    allowed_hosts: tuple[str, ...]

    async def send(self, letter: Letter, target: Target) -> None:
        await deliver(target.url, json.dumps(_message(letter)).encode(), {}, self.allowed_hosts)


def _message(letter: Letter) -> dict[str, object]:
    title = f"{SIGNS[letter.severity]} {_fitting(letter.title, MOST_TITLE)}"
    text = _fitting(letter.text, MOST_TEXT)
    sections = [f"*{title}*\n{text}\n<{letter.link}|Open in Modelyard>"]
    if lines := letter.last_lines(MOST_LINES // 2):
        sections.append(f"```{_fitting(lines.replace('```', QUOTES), MOST_LINES)}```")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in sections]
    return {"text": title, "blocks": blocks}


def _fitting(text: str, most: int) -> str:
    """Escaped, for Slack reads `<!channel>` as a call to everyone; and no escape is cut in two."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) <= most else CUT_ESCAPE.sub("", escaped[:most])
