"""How subjects are spelled: tokens of [a-z0-9_-], dots between."""

import re

_TOKEN = re.compile(r"^[a-z0-9_-]+$")


def fact_filter(noun: str, past: str) -> str:
    """Facts of this kind about anything: `facts.run.completed.*`."""
    return f"facts.{token(noun)}.{token(past)}.*"


def telemetry(run_id: object, kind: str = "batch") -> str:
    """Where a run's points, logs and progress go."""
    return f"telemetry.{token(str(run_id))}.{token(kind)}"


def dead_letter(stream: str, consumer: str) -> str:
    """Where a message goes that a consumer could not finish."""
    return f"dlq.{stream.lower()}.{consumer}"


def consumer_name(room: str, noun: str, past: str) -> str:
    """Of the one durable consumer by which a room hears facts of this kind."""
    return "-".join(map(token, (room, noun, past)))


def token(text: str) -> str:
    """Raises ValueError for what could be read as more than one token or as a wildcard."""
    if not _TOKEN.match(text):
        raise ValueError(f"not a subject token: {text!r}")
    return text
