"""What operations read from their environment: the servers of a stack, as their owner, and its secrets."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.common.settings import DatabaseSettings, StorageSettings


class Settings(BaseSettings):
    """The database's user is the owner of all: it reads, and later writes, what belongs to every room."""

    model_config = SettingsConfigDict(
        env_prefix="MODELYARD_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    # They belong to the rows: with another key nobody's token is known any more.
    token_key: SecretStr = SecretStr("")
    admin_token: SecretStr = SecretStr("")
    admin_password: SecretStr = SecretStr("")

    @property
    def secrets(self) -> dict[str, str]:
        """What a backup carries besides rows and bytes; passwords of servers stay with the servers."""
        named = {
            "token_key": self.token_key,
            "admin_token": self.admin_token,
            "admin_password": self.admin_password,
        }
        return {name: secret.get_secret_value() for name, secret in named.items() if secret}
