"""For who receives webhooks: whether a request comes from Modelyard, and comes now."""

import hmac
import time
from collections.abc import Mapping

from libs.common.contracts.channels import Notification
from libs.common.errors import Unauthorized
from libs.common.signatures import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

# Older requests, or those from the future, are refused: somebody may have recorded one and sends it again.
REPLAY_SECONDS = 300


class SignatureIsWrong(Unauthorized):
    code, title = "signature_wrong", "This was not signed with the channel's secret"


class SignatureIsTooOld(Unauthorized):
    code, title = "signature_too_old", "This was not signed just now"


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    replay_seconds: float = REPLAY_SECONDS,
    now: float | None = None,
) -> Notification:
    """The notification; raises SignatureIsWrong or SignatureIsTooOld.

    `body` as it came, before anybody reads JSON from it. Within the window a request may still come twice: a
    delivery whose answer was lost is sent again. By its `id` it is known.
    """
    named = {name.lower(): value for name, value in headers.items()}
    timestamp = _timestamp(named.get(TIMESTAMP_HEADER, ""))
    expected, given = sign(secret, timestamp, body), named.get(SIGNATURE_HEADER, "")
    # Compared in constant time: how much of a guess was right is not told by how long the answer takes.
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise SignatureIsWrong("the signature does not fit timestamp and body")
    if abs((time.time() if now is None else now) - timestamp) > replay_seconds:
        raise SignatureIsTooOld(f"it was signed more than {replay_seconds:g} s from now")
    return Notification.model_validate_json(body)


def _timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise SignatureIsWrong("there is no timestamp that could have been signed")
    return int(text)
