"""The log of a run: what was said before comes with the page, new lines straight from the gateway."""

from collections.abc import Sequence

from settings import settings

from comp import register
from libs.common.contracts.runs import Run
from libs.common.contracts.telemetry import LogLine

_LOG = register("live_log", shared=("elements",))


def live_log(run: Run, lines: Sequence[LogLine], *, key: str) -> bool:
    """True once when the run ended while the page was open."""
    result = _LOG(
        key=key,
        data={
            "url": settings().public_url,
            "run": str(run.id),
            "live": not run.state.is_final,
            "lines": [line.model_dump(mode="json") for line in lines],
        },
        on_ended_change=lambda: None,
    )
    return bool(result.ended)
