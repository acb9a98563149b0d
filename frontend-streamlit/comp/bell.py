"""The bell of the header: facts straight from the gateway, and the page that one of them leads to."""

from dataclasses import asdict
from urllib.parse import parse_qsl

from settings import settings
from ui.news import NEWS

from comp import register
from libs.common.contracts.access import Caller

_BELL = register("bell", shared=("elements", "events"))
_PAGES = frozenset(news.link.partition("?")[0] for news in NEWS.values() if news.link)


def bell(caller: Caller, *, key: str) -> tuple[str, dict[str, str]] | None:
    """The page that the person chose just now, with its address; what a browser says may be anything."""
    result = _BELL(
        key=key,
        data={
            "url": settings().public_url,
            "owner": str(caller.user_id or caller.name),
            "kinds": {kind: asdict(news) for kind, news in NEWS.items()},
        },
        on_opened_change=lambda: None,
    )
    opened = result.opened
    if not isinstance(opened, str):
        return None
    page, _, query = opened.partition("?")
    return (page, dict(parse_qsl(query))) if page in _PAGES else None
