"""Settings of the notifier room."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from libs.common.settings import Block, RoomSettings

FEWEST_LETTERS = 32


def _long_enough(keys: SecretStr) -> SecretStr:
    each = keys.get_secret_value().split()
    if not each or min(map(len, each)) < FEWEST_LETTERS:
        raise ValueError(f"a key has {FEWEST_LETTERS} letters at least: make one with `openssl rand -hex 24`")
    return keys


class SmtpSettings(Block):
    """The house's mail server; without a host there are no channels by e-mail."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr | None = None
    sender: str = "modelyard@localhost"


class Settings(RoomSettings):
    channel_key: Annotated[SecretStr, AfterValidator(_long_enough)] = Field(
        description="Closes targets of channels. Several: the newest first, with white space between."
    )
    smtp: SmtpSettings = SmtpSettings()
    # Where links in messages lead.
    console_origin: str = "http://127.0.0.1:8501"
    channel_hosts: tuple[str, ...] = Field(default=(), description="Hosts that may be of the inside.")
    delivery_attempts: Annotated[int, Field(ge=1, le=20)] = 8
    # A process that has not settled a delivery by then is taken for dead; longer than any sending.
    delivery_lease_seconds: Annotated[float, Field(gt=0)] = 40.0
    deliveries_kept_days: Annotated[int, Field(ge=1)] = 90
