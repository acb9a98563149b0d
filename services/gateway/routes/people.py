"""Who calls, and the tokens they call with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from libs.common.contracts.access import Caller, CreatedToken, Login, Token, TokenRequest
from libs.common.contracts.base import Page
from services.gateway.access import ADMINISTER, COOKIE, OPEN, READ, authenticate
from services.gateway.doors import House

# No Idempotency-Key here: a kept answer would keep the secret of a new token.
router = APIRouter(prefix="/v1", tags=["people"])


@router.post("/auth/login", dependencies=[OPEN])
async def log_in(login: Login, response: Response, house: House) -> Caller:
    """Checks the token and keeps it in an HttpOnly cookie, so that no script of the page ever sees it."""
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
async def me(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
    return caller


@router.get("/tokens", dependencies=[ADMINISTER])
async def list_tokens(house: House) -> Page[Token]:
    async with house.tokens() as tokens:
        return Page(items=await tokens.list_tokens())


@router.post("/tokens", status_code=201, dependencies=[ADMINISTER])
async def create_token(wanted: TokenRequest, house: House) -> CreatedToken:
    async with house.tokens() as tokens:
        return await tokens.create(wanted)


@router.delete("/tokens/{token_id}", status_code=204, dependencies=[ADMINISTER])
async def delete_token(token_id: UUID, house: House) -> None:
    async with house.tokens() as tokens:
        await tokens.delete(token_id)
    house.recognition.forget_all()
