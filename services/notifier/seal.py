"""Where a channel leads, and what it signs with, as they lie in the database: closed with the room's key."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.notifier.errors import SealIsForeign

# Tells what is closed from what a version before left as it was.
MARK = "sealed:"


class Seal:
    """The first key closes; each of them opens, so that a new one can be put before those that were."""

    def __init__(self, keys: str) -> None:
        fernets = [Fernet(_derived(key)) for key in keys.split()]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    def close(self, plain: str) -> str:
        return MARK + self._newest.encrypt(plain.encode()).decode()

    def open(self, stored: str) -> str:
        """Raises SealIsForeign."""
        return self._opened(self._all, stored) if stored.startswith(MARK) else stored

    def renewed(self, stored: str) -> str:
        """Closed with the newest key, whatever it was before. Raises SealIsForeign."""
        try:
            if stored.startswith(MARK) and self._opened(self._newest, stored):
                return stored
        except SealIsForeign:
            pass
        return self.close(self.open(stored))

    def _opened(self, fernet: Fernet | MultiFernet, stored: str) -> str:
        try:
            return fernet.decrypt(stored.removeprefix(MARK)).decode()
        except InvalidToken as error:
            raise SealIsForeign("this channel was sealed with a key that is not known here") from error


def _derived(key: str) -> bytes:
    """Keys of this house are long and made at random; no password is stretched here."""
    return urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=b"modelyard channels").derive(key.encode()))
