"""A channel as people may see it: where to, without what lets others write there."""

import httpx

from libs.common.contracts.channels import Channel
from services.notifier.models import ChannelRow


def shown(row: ChannelRow) -> Channel:
    return row.view(", ".join(row.recipients) if row.url is None else httpx.URL(row.url).netloc.decode())
