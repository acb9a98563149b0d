"""The first account of a house, and the token that its settings name."""

from services.gateway.doors import Doors
from services.gateway.people.passwords import hashed


async def ensure_administrator(doors: Doors) -> None:
    """Several gateways that start at once make one account; it is never changed afterwards."""
    given = doors.settings.admin_password
    async with doors.people() as people:
        is_first = await people.accounts.is_first()
    password_hash = await hashed(given.get_secret_value()) if given and is_first else None
    async with doors.changing_people() as people:
        owner_id = await people.accounts.ensure_first(password_hash)
        await people.tokens.ensure_given(doors.settings.admin_token.get_secret_value(), owner_id)
