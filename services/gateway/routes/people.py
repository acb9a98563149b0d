"""Who calls, and the tokens they call with."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.contracts.access import Caller, CreatedToken, Login, Token, TokenRequest
from libs.common.contracts.base import Page
from services.gateway.access import COOKIE, OPEN, READ, Signed
from services.gateway.doors import House
from services.gateway.errors import TokenIsMissing
from services.gateway.paging import Paging

# No Idempotency-Key here: a kept answer would keep the secret of a new token.
router = APIRouter(prefix="/v1", tags=["people"])


@router.post("/auth/login", dependencies=[OPEN])
async def log_in(login: Login, response: Response, house: House) -> Caller:
    """Checks the token and keeps it in an HttpOnly cookie, so that no script of the page ever sees it."""
    if login.token is None:
        raise TokenIsMissing("send a token")
    secret = login.token.get_secret_value()
    caller = await house.caller(secret)
    response.set_cookie(
        COOKIE, secret, max_age=7 * 86400, httponly=True, samesite="lax", secure=house.settings.cookie_secure
    )
    return caller


@router.post("/auth/logout", status_code=204, dependencies=[OPEN])
async def log_out(response: Response) -> None:
    response.delete_cookie(COOKIE)


@router.get("/me", dependencies=[READ])
async def me(caller: Signed) -> Caller:
    return caller


@router.get("/tokens", dependencies=[READ])
async def list_tokens(house: House, paging: Paging, caller: Signed, user: UUID | None = None) -> Page[Token]:
    """One's own; an administrator sees all, or those of one account."""
    async with house.people() as people:
        return await people.tokens.page(user if caller.is_administrator else caller.user_id, paging)


@router.post("/tokens", status_code=201, dependencies=[READ])
async def create_token(wanted: TokenRequest, house: House, caller: Signed) -> CreatedToken:
    """For one's own account."""
    async with house.changing_people() as people:
        return await people.tokens.create(wanted, caller)


@router.delete("/tokens/{token_id}", status_code=204, dependencies=[READ])
async def delete_token(token_id: UUID, house: House, caller: Signed) -> None:
    async with house.changing_people() as people:
        await people.tokens.delete(token_id, caller)
