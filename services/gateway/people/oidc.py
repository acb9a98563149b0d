"""Signing in with an identity provider: authorization code with PKCE, state and nonce (OpenID Connect).

Only the configured issuer is asked: what its own description names must be on its own host.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from services.gateway.errors import IssuerIsAway, SignInFailed
from services.gateway.settings import OidcSettings

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 2**20
LEEWAY_SECONDS = 60
# Signed by the issuer's own key: neither by nobody nor with a secret that others share.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Description(BaseModel):
    """What of the provider's description is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Tokens(BaseModel):
    id_token: str


@dataclass(frozen=True)
class Begun:
    """What must come back, kept by the browser that began."""

    state: str
    nonce: str
    verifier: str

    def packed(self) -> str:
        return ".".join((self.state, self.nonce, self.verifier))


@dataclass(frozen=True)
class Identity:
    """`email` only if the provider says that it has been verified."""

    subject: str
    wanted_name: str
    email: str | None


def begin() -> Begun:
    return Begun(*(secrets.token_urlsafe(32) for _ in range(3)))


def unpacked(text: str | None) -> Begun | None:
    parts = (text or "").split(".")
    return Begun(*parts) if len(parts) == 3 and all(parts) else None


class Provider:
    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._issuer = settings.issuer.rstrip("/")

    async def address_for(self, begun: Begun, redirect_uri: str) -> str:
        """Where the browser goes to."""
        async with self._client() as client:
            described = await self._described(client)
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile email",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        glue = "&" if urlsplit(described.authorization_endpoint).query else "?"
        return f"{described.authorization_endpoint}{glue}{urlencode(query)}"

    async def identity(self, begun: Begun, code: str, redirect_uri: str) -> Identity:
        """Raises SignInFailed for an ID token that is not for us, now, and from the issuer."""
        async with self._client() as client:
            described = await self._described(client)
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": begun.verifier,
            }
            auth = self._credentials()
            answer = await self._asked(client, "POST", described.token_endpoint, data=form, auth=auth)
            keys = await self._asked(client, "GET", described.jwks_uri)
        return self._identity(begun, described, answer, keys)

    def _identity(self, begun: Begun, described: Description, answer: bytes, keys: bytes) -> Identity:
        try:
            text = Tokens.model_validate_json(answer).id_token
            decoded = jwt.decode(text, KeySet.import_key_set(_json(keys)), algorithms=ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": described.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "sub": {"essential": True},
            }
            params = {"nonce": begun.nonce, "client_id": self._settings.client_id}
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValidationError, ValueError) as error:
            raise SignInFailed("the identity provider's answer does not hold") from error
        is_verified = claims.get("email_verified") is True
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        email = claims.get("email") if is_verified else None
        return Identity(str(claims["sub"]), str(name), str(email) if email else None)

    async def _described(self, client: httpx.AsyncClient) -> Description:
        answer = await self._asked(client, "GET", f"{self._issuer}/.well-known/openid-configuration")
        try:
            described = Description.model_validate_json(answer)
        except ValidationError as error:
            raise IssuerIsAway("the identity provider does not describe itself") from error
        if described.issuer.rstrip("/") != self._issuer:
            raise IssuerIsAway("the identity provider says that it is another one")
        return described

    async def _asked(self, client: httpx.AsyncClient, method: str, url: str, **options: object) -> bytes:
        """Redirects are not followed: they would lead elsewhere."""
        self._require_own(url)
        try:
            async with client.stream(method, url, **options) as answer:  # type: ignore[arg-type]
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise IssuerIsAway("the identity provider says too much")
        except httpx.HTTPError as error:
            raise IssuerIsAway("the identity provider cannot be reached") from error
        if 400 <= answer.status_code < 500:
            raise SignInFailed("the identity provider refuses this")
        if not answer.is_success:
            raise IssuerIsAway(f"the identity provider answered {answer.status_code}")
        return body

    def _require_own(self, url: str) -> None:
        parts, own = urlsplit(url), urlsplit(self._issuer)
        is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        if not is_own and not (parts.scheme == "https" and parts.netloc in self._settings.hosts):
            raise IssuerIsAway(f"{parts.netloc} is not the identity provider: see MODELYARD_OIDC__HOSTS")

    def _credentials(self) -> httpx.BasicAuth:
        """Spelled as RFC 6749 (2.3.1) wants them."""
        secret = self._settings.client_secret.get_secret_value()
        return httpx.BasicAuth(quote(self._settings.client_id, safe=""), quote(secret, safe=""))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=TIMEOUT_SECONDS)


def _json(text: bytes) -> Any:
    return json.loads(text)
