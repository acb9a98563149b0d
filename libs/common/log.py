"""Structured logs: an event name and fields, one JSON line each, ids bound once at the door."""

import logging
import sys
from typing import Any

import structlog

from libs.common.settings import LogSettings

# Local variables hold passwords and other people's data; they stay out of the logs.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def get_logger(name: str) -> Any:
    return structlog.get_logger(module=name)


def configure_logging(service: str, settings: LogSettings) -> None:
    """For the whole process, once; what libraries log comes out in the same form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _naming(service),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if settings.format == "json":
        shared.append(TRACEBACKS)
        renderer = structlog.processors.JSONRenderer(default=str)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_without_meta, renderer], foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _naming(service: str) -> structlog.types.Processor:
    """Not a context variable: every door clears those before it binds its own."""

    def name(_: Any, __: str, event: Any) -> Any:
        return {"service": service, **event}

    return name


def _without_meta(_: Any, __: str, event: Any) -> Any:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(_, __, event)
