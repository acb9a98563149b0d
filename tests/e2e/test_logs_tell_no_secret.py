"""After a run through every room: what is written down helps who looks for a fault, and nobody else."""

import re

import pytest

from infra.local.home import PROCESSES
from infra.local.servers import SERVERS
from libs.common.ids import new_id
from tests.stack import TestStack

# Signatures of presigned URLs, headers with credentials, and URLs with a password in them.
TELLING = re.compile(
    r"X-Amz-(Signature|Credential)=|authorization['\"]?: ?['\"]?bearer|://[^/\s:@\"]+:[^/\s@\"]+@", re.I
)


@pytest.mark.usefixtures("trained")
def test_no_log_tells_a_secret_or_a_signature(stack: TestStack, yard, tmp_path):
    """A login, a token and an upload in parts are part of it: they have secrets of their own."""
    made = yard.tokens.create(f"Logged {new_id()}")
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 20_000_000)
    yard.uploads.send(file)
    logs = {name: stack.log(name, 1_000_000) for name in (*SERVERS, *PROCESSES)}

    assert sum(map(len, logs.values())) > 10_000
    secrets = {**stack.stack.secrets, "token": made.secret}
    told = [(name, log) for log, text in logs.items() for name, secret in secrets.items() if secret in text]
    assert told == []
    assert {log: found.group() for log, text in logs.items() if (found := TELLING.search(text))} == {}
