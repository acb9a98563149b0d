"""How webhooks are signed: HMAC-SHA256 over `timestamp.body`, so that neither can be changed nor replayed."""

import hashlib
import hmac

DELIVERY_HEADER = "modelyard-delivery"
TIMESTAMP_HEADER = "modelyard-timestamp"
SIGNATURE_HEADER = "modelyard-signature"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """`v1=` and hexadecimal digits; `timestamp` in seconds since 1970."""
    signed = f"{timestamp}.".encode() + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
