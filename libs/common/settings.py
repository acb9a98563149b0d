"""Operations settings: read once from MODELYARD_… and passed down; nothing here changes a result."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

SECRETS_FOLDER = "MODELYARD_SECRETS_FOLDER"
Port = Annotated[int, Field(ge=0, le=65535)]


class Block(BaseModel):
    model_config = ConfigDict(frozen=True)


class BusSettings(Block):
    url: str = "nats://127.0.0.1:4222"
    user: str | None = None
    password: SecretStr | None = None

    @property
    def inbox_prefix(self) -> str:
        """Where answers to us arrive: each user has a place of its own and may not listen at another's."""
        return f"_INBOX_{self.user}" if self.user else "_INBOX"


class DatabaseSettings(Block):
    url: SecretStr = SecretStr("postgresql://127.0.0.1:5432/modelyard")
    # Where it is not part of the address.
    password: SecretStr | None = None
    pool_size: Annotated[int, Field(ge=1)] = 5
    statement_timeout_seconds: float = 30.0


class StorageSettings(Block):
    endpoint: str = "127.0.0.1:9000"
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    bucket: str = "modelyard"
    secure: bool = False
    region: str = "us-east-1"
    # What presigned URLs say when browsers and workers reach the store by another name than the rooms do.
    public_endpoint: str | None = None


class HttpSettings(Block):
    host: str = "127.0.0.1"
    port: Port = 0


class LogSettings(Block):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class NodeSettings(BaseSettings):
    """What every process of ours reads, also one that holds no credentials of database and store."""

    model_config = SettingsConfigDict(
        env_prefix="MODELYARD_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    # With a file per secret, named like its variable, `modelyard_bus__password`: compose mounts them so.
    secrets_folder: Path | None = None
    bus: BusSettings = BusSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    node: str = "local"
    # Offered to jobs that need a whole device: `cpu` (the node's one training slot) or `gpu0`….
    device: str = "cpu"
    scratch: Path = Path(".modelyard/scratch")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then the files of secrets; a folder that is named must be there."""
        folder = os.environ.get(SECRETS_FOLDER)
        files = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_dir_missing="error"
        )
        return (init_settings, env_settings, files)


class RoomSettings(NodeSettings):
    """What every room reads; a room adds its own fields in its settings.py."""

    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
