"""Channels and deliveries of the SDK: who is told of what happens, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.base import Page
from libs.common.contracts.channels import (
    Channel,
    ChannelKind,
    CreatedChannel,
    Delivery,
    DeliveryState,
    FactKind,
    Rule,
)


class Channels:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[Channel]:
        return self._transport.pages(Channel, "/v1/channels")

    def get(self, channel_id: UUID) -> Channel:
        return self._transport.get(Channel, f"/v1/channels/{channel_id}")

    def facts(self) -> tuple[FactKind, ...]:
        """The types that a rule may name."""
        return self._transport.get(tuple[FactKind, ...], "/v1/channels/facts")

    def discord(self, name: str, url: str, **about: Any) -> Channel:
        """`url` is what Discord gave for an incoming webhook. Takes what `create` takes."""
        return self.create(name, {"kind": ChannelKind.DISCORD, "url": url}, **about).channel

    def slack(self, name: str, url: str, **about: Any) -> Channel:
        return self.create(name, {"kind": ChannelKind.SLACK, "url": url}, **about).channel

    def email(self, name: str, *recipients: str, **about: Any) -> Channel:
        return self.create(name, {"kind": ChannelKind.EMAIL, "recipients": recipients}, **about).channel

    def webhook(self, name: str, url: str, **about: Any) -> CreatedChannel:
        """Keep its `secret`: `libs.client.webhooks.verify` wants it, and it is never shown again."""
        return self.create(name, {"kind": ChannelKind.WEBHOOK, "url": url}, **about)

    def create(
        self,
        name: str,
        target: Mapping[str, Any],
        *,
        project: UUID | None = None,
        rules: Sequence[Rule] = (Rule(),),
    ) -> CreatedChannel:
        """Of a project, or of the house; told of what one of the rules fits."""
        body = {
            "name": name,
            "target": dict(target),
            "project_id": project and str(project),
            "rules": _written(rules),
        }
        return self._transport.post(CreatedChannel, "/v1/channels", body)

    def update(
        self,
        channel_id: UUID,
        *,
        name: str | None = None,
        target: Mapping[str, Any] | None = None,
        rules: Sequence[Rule] | None = None,
        is_active: bool | None = None,
    ) -> Channel:
        """What is left out stays."""
        changes = {
            "name": name,
            "target": target and dict(target),
            "rules": None if rules is None else _written(rules),
            "is_active": is_active,
        }
        body = {key: value for key, value in changes.items() if value is not None}
        return self._transport.call(Channel, "PATCH", f"/v1/channels/{channel_id}", body=body)

    def delete(self, channel_id: UUID) -> None:
        """With its deliveries."""
        self._transport.call(None, "DELETE", f"/v1/channels/{channel_id}")

    def test(self, channel_id: UUID) -> Delivery:
        """One message at once; `state` and `error` say what became of it."""
        return self._transport.post(Delivery, f"/v1/channels/{channel_id}/test")


class Deliveries:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def page(
        self,
        *,
        channel: UUID | None = None,
        state: DeliveryState | str | None = None,
        project: UUID | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Delivery]:
        """Newest first."""
        query = {**_about(channel, state, project), "limit": limit, "cursor": cursor}
        return self._transport.get(Page[Delivery], "/v1/deliveries", query)

    def list(
        self,
        *,
        channel: UUID | None = None,
        state: DeliveryState | str | None = None,
        project: UUID | None = None,
    ) -> Iterator[Delivery]:
        """All of them, page by page; newest first."""
        return self._transport.pages(Delivery, "/v1/deliveries", _about(channel, state, project))


def _about(
    channel: UUID | None, state: DeliveryState | str | None, project: UUID | None
) -> dict[str, UUID | str | None]:
    return {"channel": channel, "state": state and str(state), "project": project}


def _written(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [rule.model_dump(mode="json") for rule in rules]
