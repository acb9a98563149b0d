"""Keyed hashes: what is stored of secrets, and of what only has to be told apart."""

import hashlib
import hmac


def digest(secret: str, key: str) -> bytes:
    return hmac.new(key.encode(), secret.encode(), hashlib.sha256).digest()
