"""What the gateway reads from its environment."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from libs.common.contracts.access import Role
from libs.common.settings import Block, HttpSettings, RoomSettings


class LoginSettings(Block):
    """Failed tries are counted by account and by address, from the first of them for so long."""

    tries_per_account: Annotated[int, Field(ge=1)] = 10
    tries_per_address: Annotated[int, Field(ge=1)] = 50
    within_seconds: Annotated[int, Field(ge=1, le=86400)] = 900
    session_hours: Annotated[float, Field(gt=0, le=8760)] = 168


class OidcSettings(Block):
    """An identity provider; accounts are made on the first sign-in, with this role."""

    issuer: str
    # As people know it: "Sign in with …".
    name: Annotated[str, Field(min_length=1, max_length=60)] = "the identity provider"
    client_id: str
    client_secret: SecretStr
    role: Role = Role.VIEWER
    # What of it may lie on other hosts than the issuer, for providers that do so.
    hosts: tuple[str, ...] = ()
    redirect_uri: str | None = Field(default=None, description="Else as the request for it came.")

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
            raise ValueError("an issuer is reached by https")
        return issuer


class Settings(RoomSettings):
    admin_token: SecretStr = Field(description="The first token; given by whoever starts the house.")
    admin_password: SecretStr | None = Field(
        default=None, description="Of the first account, used only while there is no account."
    )
    token_key: SecretStr = Field(description="Key of the keyed hash under which tokens are stored.")
    console_origin: str = "http://127.0.0.1:8501"
    login: LoginSettings = LoginSettings()
    oidc: OidcSettings | None = None
    audit_days: Annotated[int, Field(ge=1)] = 365
    # Who may say, as X-Forwarded-For, from which address a request came.
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    # Anything but loopback needs TLS in front of it; saying so here is the explicit consent.
    allow_non_loopback: bool = False
    # Figures are read at a door of their own, which no proxy in front of the public one leads to.
    metrics: HttpSettings = HttpSettings()
    cookie_secure: bool = False
    max_body_bytes: Annotated[int, Field(ge=1024)] = 2 * 2**20
    max_predict_bytes: Annotated[int, Field(ge=1024)] = 32 * 2**20
    max_batch_bytes: Annotated[int, Field(ge=1024)] = 2**30
    max_batch_images: Annotated[int, Field(ge=1)] = 2000
    # Images of predictions by URL: off, for what the gateway reaches is more than what its callers may.
    predict_urls: bool = False
    predict_url_hosts: tuple[str, ...] = Field(default=(), description="Hosts that may be of the inside.")
    max_streamed_upload_bytes: Annotated[int, Field(ge=1024)] = 2 * 2**30
    ask_timeout_seconds: float = 10.0

    @property
    def console_origins(self) -> frozenset[str]:
        """A console of this machine is known by both of its names."""
        origin = self.console_origin.rstrip("/")
        return frozenset({origin, origin.replace("127.0.0.1", "localhost")})
