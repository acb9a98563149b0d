"""A small identity provider that speaks OpenID Connect: it signs in whoever a test says."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from infra.local.ports import choose_ports

CLIENT_ID, CLIENT_SECRET = "modelyard", "a secret / of theirs"


@dataclass
class SmallProvider:
    """`claims` are added to every ID token; `changes` to the description; what is None there is left out."""

    issuer: str = ""
    claims: dict[str, object] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signs_with: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def describe(self, _: Request) -> JSONResponse:
        endpoints = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse(endpoints | self.changes)

    def keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def authorize(self, request: Request) -> RedirectResponse:
        query = dict(request.query_params)
        code = hashlib.sha256(query["state"].encode()).hexdigest()
        self.asked[code] = query
        answer = urlencode({"code": code, "state": query["state"]})
        return RedirectResponse(f"{query['redirect_uri']}?{answer}", 303)

    async def token(self, request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        begun = self.asked.pop(form["code"], None)
        credentials = base64.b64encode(b"modelyard:a%20secret%20%2F%20of%20theirs").decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            begun is None
            or request.headers["authorization"] != f"Basic {credentials}"
            or challenge.decode().rstrip("=") != begun["code_challenge"]
            or form["redirect_uri"] != begun["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        moment = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "s-1", "iat": moment, "exp": moment + 60}
        claims |= {"nonce": begun["nonce"]} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.signs_with or self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})


@contextmanager
def running_provider() -> Iterator[SmallProvider]:
    provider = SmallProvider()
    port = choose_ports(("provider",), {})["provider"]
    provider.issuer = f"http://127.0.0.1:{port}"
    routes = [
        Route("/.well-known/openid-configuration", provider.describe),
        Route("/keys", provider.keys),
        Route("/authorize", provider.authorize),
        Route("/token", provider.token, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join()
