"""What the console reads from its environment."""

from functools import cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MODELYARD_", frozen=True, extra="ignore")

    gateway_url: str = "http://127.0.0.1:8080"
    # How browsers reach the gateway when that differs from how this process does.
    gateway_public_url: str | None = None
    # Only on a person's own machine: whoever opens the console over loopback is signed in with this token.
    token_file: Path | None = None
    cookie_secure: bool = False

    @property
    def public_url(self) -> str:
        return (self.gateway_public_url or self.gateway_url).rstrip("/")


@cache
def settings() -> Settings:
    return Settings()
