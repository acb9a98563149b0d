"""The small HTTP door of every room: is it alive, is it ready, what does it measure."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from libs.common.log import get_logger
from libs.common.settings import HttpSettings

Check = Callable[[], Awaitable[None]]
Measure = Callable[[], Awaitable[None]]
CHECK_TIMEOUT_SECONDS = 2.0
log = get_logger(__name__)


def health_app(name: str, checks: Mapping[str, Check], measures: Sequence[Measure] = ()) -> Starlette:
    """`/healthz` answers while the event loop turns; `/readyz` runs every check and names what fails.

    `measures` are taken for each reading of `/metrics`: what costs a question is asked when somebody looks.
    """
    figures = Figures(measures)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        return await readiness(name, checks)

    async def metrics(_: Request) -> Response:
        return await figures.reading()

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    )


class Figures:
    """What Prometheus reads of this process."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = measures
        self._one_reading = asyncio.Lock()

    async def reading(self) -> Response:
        async with self._one_reading:
            await asyncio.gather(*map(_take, self._measures))
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def readiness(name: str, checks: Mapping[str, Check]) -> Response:
    answers = dict(zip(checks, await asyncio.gather(*map(_run, checks.values())), strict=True))
    ready = all(answer == "ok" for answer in answers.values())
    return JSONResponse({"name": name, "ready": ready, "checks": answers}, 200 if ready else 503)


async def _take(measure: Measure) -> None:
    """One that cannot be taken now is missing from this reading; the others are told."""
    answer = await _run(measure)
    if answer != "ok":
        log.warning("not_measured", reason=answer)


async def _run(check: Check) -> str:
    try:
        await asyncio.wait_for(check(), CHECK_TIMEOUT_SECONDS)
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # noqa: BLE001 — whatever a check raises is its answer
        return type(error).__name__
    return "ok"


class HttpDoor(uvicorn.Server):
    """Uvicorn inside a room's own loop; the room, not uvicorn, minds the signals.

    Listens from the start, so that a port which is taken ends the room at once, with an OSError.
    """

    def __init__(self, app: Starlette, settings: HttpSettings) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        self._listener = socket.create_server((settings.host, settings.port), family=family)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await super().serve(sockets or [self._listener])

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
