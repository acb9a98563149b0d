"""Signing in with an identity provider, where one is set."""

from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse

from services.gateway.access import COOKIE, OPEN, visitor_of
from services.gateway.doors import Doors, House
from services.gateway.errors import OidcIsOff, SignInFailed
from services.gateway.people.oidc import Provider, begin, unpacked
from services.gateway.people.signing_in import sign_in_externally

router = APIRouter(prefix="/v1/auth/oidc", tags=["people"])
BEGUN = "modelyard_oidc"
BEGUN_SECONDS = 600
Word = Annotated[str | None, Query(max_length=4096)]


@router.get("", dependencies=[OPEN], status_code=303, response_class=RedirectResponse)
async def begin_oidc(request: Request, house: House) -> RedirectResponse:
    """Sends the browser to the identity provider."""
    begun = begin()
    address = await _provider(house).address_for(begun, _redirect_uri(house, request))
    response = RedirectResponse(address, 303)
    response.set_cookie(
        BEGUN,
        begun.packed(),
        max_age=BEGUN_SECONDS,
        path="/v1/auth/oidc",
        httponly=True,
        samesite="lax",
        secure=house.settings.cookie_secure,
    )
    return response


@router.get("/callback", dependencies=[OPEN], status_code=303, response_class=RedirectResponse)
async def end_oidc(request: Request, house: House, code: Word = None, state: Word = None) -> RedirectResponse:
    """Where the identity provider sends it back to: to the console, signed in."""
    request.state.is_audited = True
    provider = _provider(house)
    begun = unpacked(request.cookies.get(BEGUN))
    if begun is None or not code or not state or not compare_digest(state.encode(), begun.state.encode()):
        raise SignInFailed("this sign-in was not begun here, or took too long: begin again")
    identity = await provider.identity(begun, code, _redirect_uri(house, request))
    signed_in = await sign_in_externally(house, identity, visitor_of(request))
    request.state.caller = signed_in.caller
    response = RedirectResponse(house.settings.console_origin, 303)
    response.delete_cookie(BEGUN, path="/v1/auth/oidc", httponly=True, samesite="lax")
    response.set_cookie(
        COOKIE,
        signed_in.session.secret,
        max_age=signed_in.session.seconds,
        httponly=True,
        samesite="lax",
        secure=house.settings.cookie_secure,
    )
    return response


def _provider(house: Doors) -> Provider:
    if house.settings.oidc is None:
        raise OidcIsOff("no identity provider is set here")
    return Provider(house.settings.oidc)


def _redirect_uri(house: Doors, request: Request) -> str:
    own = house.settings.oidc and house.settings.oidc.redirect_uri
    return own or str(request.url_for("end_oidc"))
