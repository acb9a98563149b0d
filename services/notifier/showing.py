"""A channel as people may see it: where to, without what lets others write there."""

import httpx

from libs.common.contracts.channels import Channel
from services.notifier.errors import SealIsForeign
from services.notifier.models import ChannelRow
from services.notifier.seal import Seal

UNREADABLE = "sealed with a key that is not known here"


def shown(row: ChannelRow, seal: Seal) -> Channel:
    return row.view(", ".join(row.recipients) if row.url is None else _host(row.url, seal))


def _host(sealed: str, seal: Seal) -> str:
    try:
        return httpx.URL(seal.open(sealed)).netloc.decode()
    except SealIsForeign:
        return UNREADABLE
