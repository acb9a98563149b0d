"""The export formats of this installation: entry points `modelyard.exporters`, whoever brings them."""

from collections.abc import Mapping
from functools import cache

from libs.common.contracts.exports import ExportOption, Precision
from libs.common.errors import BadInput, Problem
from libs.tasks.exporters.exporter import Exporter
from libs.tasks.plug_ins import plug_ins

GROUP = "modelyard.exporters"


class FormatIsUnavailable(BadInput):
    code, title = "format_unavailable", "This format cannot be exported here"


@cache
def exporters() -> Mapping[str, Exporter]:
    """By id; a plug-in that cannot be loaded is reported and does not stop the others."""
    return plug_ins(GROUP, Exporter)


def options() -> tuple[ExportOption, ...]:
    return tuple(option for exporter in exporters().values() for option in exporter.options())


def is_served(format: str) -> bool:
    """That deployments take it; what is not installed any more they do not."""
    exporter = exporters().get(format)
    return exporter is not None and exporter.is_served


def find(format: str, precision: Precision) -> Exporter:
    """Raises FormatIsUnavailable with what would be possible, or with what is missing for it."""
    exporter = exporters().get(format)
    if exporter is None:
        raise _unavailable("format", f"choose one of {', '.join(exporters())}")
    if precision not in exporter.precisions:
        raise _unavailable("precision", f"{exporter.title} is made in {', '.join(exporter.precisions)}")
    if reason := exporter.missing():
        raise _unavailable("format", reason)
    return exporter


def _unavailable(field: str, message: str) -> FormatIsUnavailable:
    return FormatIsUnavailable(message, errors=[Problem(field=field, message=message)])
