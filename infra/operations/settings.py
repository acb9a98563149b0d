"""What operations read from their environment: the servers of a stack, as their owner, and its secrets."""

from pydantic import SecretStr

from libs.common.settings import RoomSettings


class Settings(RoomSettings):
    """The database's user is the owner of all: it reads, and later writes, what belongs to every room."""

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
