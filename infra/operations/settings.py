"""What operations read from their environment: the servers of a stack, as their owner, and its secrets."""

from collections.abc import Iterable

from pydantic import SecretStr

from libs.common.settings import RoomSettings

LOST_WITHOUT = {
    "token_key": "nobody's token or session will be known",
    "channel_key": "channels that it has sealed will lead nowhere, and have to be made anew",
}


class Settings(RoomSettings):
    """The database's user is the owner of all: it reads, and later writes, what belongs to every room."""

    # They belong to the rows: with another key nobody's token is known any more, and no channel can be read.
    token_key: SecretStr = SecretStr("")
    channel_key: SecretStr = SecretStr("")
    admin_token: SecretStr = SecretStr("")
    admin_password: SecretStr = SecretStr("")

    @property
    def secrets(self) -> dict[str, str]:
        """What a backup carries besides rows and bytes; passwords of servers stay with the servers."""
        named = {
            "token_key": self.token_key,
            "channel_key": self.channel_key,
            "admin_token": self.admin_token,
            "admin_password": self.admin_password,
        }
        return {name: secret.get_secret_value() for name, secret in named.items() if secret}


def losses(secrets: Iterable[str]) -> list[str]:
    """In words, what rows are not worth anything without."""
    lost = {name: words for name, words in LOST_WITHOUT.items() if name not in {*secrets}}
    return [f"WITHOUT {name}, which is not in this backup: {words}" for name, words in lost.items()]
