"""Who calls, and the tokens they call with."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.common.contracts.access import (
    Caller,
    CreatedToken,
    Login,
    PasswordChange,
    SignInWays,
    Token,
    TokenRequest,
)
from libs.common.contracts.base import Page
from libs.common.errors import Unauthorized
from services.gateway.access import (
    COOKIE,
    OPEN,
    READ,
    Signed,
    address_of,
    require_own_origin,
    sent_secret,
    visitor_of,
)
from services.gateway.doors import House
from services.gateway.errors import CredentialsAreWrong
from services.gateway.paging import Paging
from services.gateway.people.signing_in import change_password, sign_in

# No Idempotency-Key here: a kept answer would keep the secret of a new token.
router = APIRouter(prefix="/v1", tags=["people"])


@router.get("/auth", dependencies=[OPEN])
async def ways_to_sign_in(house: House) -> SignInWays:
    """Beside name and password, and tokens."""
    return SignInWays(provider=house.settings.oidc.name if house.settings.oidc else None)


@router.post("/auth/login", dependencies=[OPEN])
async def log_in(login: Login, request: Request, response: Response, house: House) -> Caller:
    """Keeps the session in an HttpOnly cookie, so that no script of the page ever sees it."""
    require_own_origin(request, house)
    try:
        signed_in = await sign_in(house, login, visitor_of(request))
    except CredentialsAreWrong as error:
        request.state.tried = error.account
        raise
    request.state.caller = signed_in.caller
    response.set_cookie(
        COOKIE,
        signed_in.session.secret,
        max_age=signed_in.session.seconds,
        httponly=True,
        samesite="lax",
        secure=house.settings.cookie_secure,
    )
    return signed_in.caller


@router.post("/auth/logout", status_code=204, dependencies=[OPEN])
async def log_out(request: Request, response: Response, house: House) -> None:
    """Ends the session; a token that was sent stays what it is."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=house.settings.cookie_secure)
    if secret := sent_secret(request):
        with suppress(Unauthorized):
            # Who it was, for the audit log.
            request.state.caller = await house.caller(secret)
        async with house.changing_people() as people:
            await people.sessions.close(secret)


@router.get("/me", dependencies=[READ])
async def me(caller: Signed) -> Caller:
    return caller


@router.post("/me/password", status_code=204, dependencies=[READ])
async def change_own_password(wanted: PasswordChange, request: Request, house: House, caller: Signed) -> None:
    """Ends every other session of the account."""
    session = sent_secret(request) or ""
    await change_password(house, caller, wanted, session=session, address=address_of(request))


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
