"""Live curves: history comes with the page, new points straight from the gateway to the browser."""

from settings import settings

from comp import register
from libs.common.contracts.measurements import MetricSeries
from libs.common.contracts.runs import Run

_CHART = register("live_chart")


def live_chart(run: Run, series: tuple[MetricSeries, ...], *, key: str) -> bool:
    """True once when the run ended while the page was open, so that the page can show its end."""
    result = _CHART(
        key=key,
        data={
            "url": settings().public_url,
            "run": str(run.id),
            "live": not run.state.is_final,
            "progress": run.progress.model_dump(mode="json") if run.progress else None,
            "series": {
                each.key: [[point.step, _plain(point.value)] for point in each.points] for each in series
            },
        },
        on_ended_change=lambda: None,
    )
    return bool(result.ended)


def _plain(value: float) -> float | None:
    """Not-a-number has no place on a curve: it is a gap."""
    return value if abs(value) != float("inf") and value == value else None
