"""What an integration may subscribe to, for machines: the AsyncAPI document beside the OpenAPI one."""

from typing import Any

from fastapi import APIRouter

from libs.common import asyncapi
from services.gateway.access import OPEN

router = APIRouter(tags=["live"])


@router.get("/asyncapi.json", dependencies=[OPEN])
async def describe_facts() -> dict[str, Any]:
    """The public facts on NATS."""
    return asyncapi.document()
