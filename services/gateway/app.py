"""The gateway's process: FastAPI over the bus, with its own tables for people and kept answers."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from libs.common.bus import consume
from libs.common.db import Database, Schema
from libs.common.db.relay import Relay
from libs.common.errors import TimedOut, Unavailable
from libs.common.health import Figures, HttpDoor, health_app, readiness
from libs.common.log import configure_logging
from libs.common.room import checks_of, measures_of, open_resources
from services.gateway import problems
from services.gateway.access import ADMINISTER, OPEN
from services.gateway.auditing import Audit
from services.gateway.doors import Doors
from services.gateway.events import events
from services.gateway.live import LiveFeed
from services.gateway.middleware import AnswerBugs, LimitBody, Observe
from services.gateway.models import Model
from services.gateway.openapi import describe
from services.gateway.people.starting import ensure_administrator
from services.gateway.repository.answers import Answers
from services.gateway.repository.audit import Audit as AuditRepository
from services.gateway.repository.changes import follow_changes
from services.gateway.repository.sessions import Attempts, Sessions
from services.gateway.routes import ROUTERS
from services.gateway.settings import Settings

SCHEMA = Schema("gateway", Model.metadata, "services.gateway.migrations")
KEPT_FOR = timedelta(days=1)


def create_app(settings: Settings) -> FastAPI:
    """The application; its resources open with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources("gateway", settings, SCHEMA) as resources:
            feed = LiveFeed(resources.bus)
            app.state.doors = Doors(settings, resources.bus, resources.database, resources.storage, feed)
            app.state.checks = checks_of(resources)
            measures = measures_of(resources)
            app.state.figures = Figures(measures)
            await ensure_administrator(app.state.doors)
            relay = Relay(resources.database, resources.bus)
            inside = HttpDoor(health_app("gateway", app.state.checks, measures), settings.metrics)
            async with asyncio.TaskGroup() as group:
                facts = consume(resources.bus, "gateway", events, app.state.doors.unit)
                changes = follow_changes(resources.database, app.state.doors.people_changed)
                forgetting = _forget(resources.database, settings)
                work = [relay.run(), feed.run(), facts, changes, forgetting, inside.serve()]
                tasks = [group.create_task(each) for each in work]
                yield
                for task in tasks:
                    task.cancel()

    app = FastAPIOffline(
        title="Modelyard",
        version=version("modelyard"),
        summary="From raw samples to a served, monitored model on your own machines.",
        lifespan=lifespan,
        responses=problems.RESPONSES,
        generate_unique_id_function=lambda route: route.name,
        redoc_url=None,
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _add_health(app)
    _add_middleware(app, settings)
    describe(app)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    limits = {
        "/predict": settings.max_predict_bytes,
        "/predict/batch": settings.max_batch_bytes,
        "/evaluate": settings.max_batch_bytes,
        "/forward": settings.max_predict_bytes,
        "/forward_batch": settings.max_batch_bytes,
        "/content": settings.max_streamed_upload_bytes,
    }
    app.add_middleware(AnswerBugs)
    app.add_middleware(LimitBody, default=settings.max_body_bytes, by_suffix=limits)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=sorted(settings.console_origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Content-Type",
            "Idempotency-Key",
            "Last-Event-ID",
            "Range",
            "If-None-Match",
            "If-Range",
        ],
        expose_headers=["X-Request-Id", "ETag", "Content-Range", "Retry-After"],
    )
    app.add_middleware(Audit)
    app.add_middleware(Observe, is_behind_tls=settings.cookie_secure)


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"], dependencies=[OPEN], response_class=PlainTextResponse)
    async def healthz() -> str:
        return "ok\n"

    @app.get("/readyz", tags=["health"], dependencies=[OPEN], response_class=JSONResponse)
    async def readyz(request: Request) -> Response:
        return await readiness("gateway", request.app.state.checks)

    @app.get("/metrics", tags=["health"], dependencies=[ADMINISTER], response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Figures for Prometheus. They name deployments of every project, so they are for administrators;
        within the house the inner door tells them to whoever asks."""
        return await request.app.state.figures.reading()


async def _forget(database: Database, settings: Settings) -> None:
    while True:
        # While the database is away there is nothing to clear up; an hour later it is tried again.
        with suppress(Unavailable, TimedOut):
            async with database.transaction() as session:
                await Answers(session).forget_before(KEPT_FOR)
                await Attempts(session).forget_before(KEPT_FOR)
                await Sessions(session).delete_expired()
                await AuditRepository(session).forget_before(timedelta(days=settings.audit_days))
        await asyncio.sleep(3600)


def run(settings: Settings) -> None:
    configure_logging("gateway", settings.log)
    _require_loopback(settings)
    # Without uvloop every keep-alive request of a busy gateway waits some 40 ms longer.
    uvicorn.run(
        create_app(settings),
        host=settings.http.host,
        port=settings.http.port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=5,
    )


def _require_loopback(settings: Settings) -> None:
    try:
        is_loopback = ipaddress.ip_address(settings.http.host).is_loopback
    except ValueError:
        is_loopback = settings.http.host == "localhost"
    if not is_loopback and not settings.allow_non_loopback:
        raise SystemExit(
            f"refusing to listen on {settings.http.host} without TLS in front: "
            "set MODELYARD_ALLOW_NON_LOOPBACK=true if a reverse proxy ends TLS"
        )
