"""What receivers get, and what their answers mean; the receivers are real servers on loopback."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from libs.client.webhooks import verify
from libs.common.contracts.channels import ChannelKind, Severity
from services.notifier.channels import kinds
from services.notifier.channels.posting import checked
from services.notifier.errors import PutOff, Refused, TargetIsNotAllowed
from services.notifier.letters import Target
from services.notifier.seal import Seal
from services.notifier.sending import sent
from services.notifier.settings import Settings, SmtpSettings
from tests.receivers import LOOPBACK, Mailbox, Receiver, receiving_http, receiving_mail
from tests.unit.notifier.letters import letter

SECRET = "whsec_of_the_test"
KEY = "a_key_of_the_tests_that_is_long_enough"
SEAL = Seal(KEY)
HOOKS = (ChannelKind.DISCORD, ChannelKind.SLACK, ChannelKind.WEBHOOK)


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receiver]:
    with receiving_http() as running:
        yield running


@pytest.fixture
def receiver(receivers: Receiver) -> Receiver:
    receivers.received.clear()
    receivers.answers.clear()
    return receivers


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with receiving_mail() as running:
        yield running


def ways(smtp: SmtpSettings | None = None, hosts: tuple[str, ...] = (LOOPBACK,)):
    settings = Settings(channel_key=SecretStr(KEY), channel_hosts=hosts, smtp=smtp or SmtpSettings())
    return kinds(settings)


def target(kind: ChannelKind, url: str = "", *recipients: str) -> Target:
    return Target(kind, SEAL.close(url), SEAL.close(SECRET), recipients, SEAL)


async def test_a_webhook_gets_the_fact_signed(receiver: Receiver) -> None:
    sent_letter = letter()
    await ways()[ChannelKind.WEBHOOK].send(sent_letter, target(ChannelKind.WEBHOOK, receiver.url()))

    (got,) = receiver.received
    told = verify(SECRET, got.headers, got.body)
    assert (told.id, told.type, told.severity) == (sent_letter.id, "run.failed", Severity.ERROR)
    assert (told.title, told.link, told.data) == (sent_letter.title, sent_letter.link, sent_letter.data)
    assert got.headers["modelyard-delivery"] == str(sent_letter.id)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"{LOOPBACK}:{receiver.port}"


async def test_discord_gets_an_embed_that_wakes_nobody(receiver: Receiver) -> None:
    words = letter(title="@everyone " + "x" * 400, lines=("first", "``` last"))
    await ways()[ChannelKind.DISCORD].send(words, target(ChannelKind.DISCORD, receiver.url()))

    message = json.loads(receiver.received[0].body)
    (embed,) = message["embeds"]
    assert message["allowed_mentions"] == {"parse": []}
    assert len(embed["title"]) == 256
    assert embed["url"] == words.link
    assert embed["description"].endswith("```\nfirst\n''' last\n```")


async def test_slack_gets_blocks_in_which_no_name_is_a_command(receiver: Receiver) -> None:
    words = letter(title="Run “<!channel>” failed", lines=("a <b> & c",))
    await ways()[ChannelKind.SLACK].send(words, target(ChannelKind.SLACK, receiver.url()))

    message = json.loads(receiver.received[0].body)
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert "<!" not in message["text"] + "".join(texts)
    assert "&lt;!channel&gt;" in texts[0] and f"<{words.link}|" in texts[0]
    assert texts[1] == "```a &lt;b&gt; &amp; c```"
    assert all(len(text) <= 3000 for text in texts)


@pytest.mark.parametrize("kind", HOOKS)
async def test_the_longest_message_is_within_what_receivers_take(
    receiver: Receiver, kind: ChannelKind
) -> None:
    words = letter(title="<" * 5000, text="&" * 5000, lines=("<" * 5000,))
    await ways()[kind].send(words, target(kind, receiver.url()))

    message = json.loads(receiver.received[0].body)
    for block in message.get("blocks", ()):
        assert len(block["text"]["text"]) <= 3000
    for embed in message.get("embeds", ()):
        assert len(embed["description"]) <= 4096


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 301, 307])
async def test_what_would_be_refused_again_is_final(receiver: Receiver, status: int) -> None:
    receiver.answer(status, location="/elsewhere")
    with pytest.raises(Refused, match=f"the receiver answered {status}"):
        await ways()[ChannelKind.WEBHOOK].send(letter(), target(ChannelKind.WEBHOOK, receiver.url()))
    assert [each.path for each in receiver.received] == ["/hook"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_may_be_over_soon_is_put_off(receiver: Receiver, status: int) -> None:
    receiver.answer(status)
    with pytest.raises(PutOff, match=f"the receiver answered {status}") as put_off:
        await ways()[ChannelKind.SLACK].send(letter(), target(ChannelKind.SLACK, receiver.url()))
    assert put_off.value.after_seconds is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120.0), ("0.5", 0.5), ("999999999", 6 * 3600.0), ("soon", None), ("-5", None), ("nan", None)],
)
async def test_a_receiver_says_when_it_wants_to_be_asked_again(
    receiver: Receiver, said: str, seconds: float | None
) -> None:
    receiver.answer(429, retry_after=said)
    with pytest.raises(PutOff) as put_off:
        await ways()[ChannelKind.DISCORD].send(letter(), target(ChannelKind.DISCORD, receiver.url()))
    assert put_off.value.after_seconds == seconds


async def test_it_may_say_so_with_a_date(receiver: Receiver) -> None:
    receiver.answer(503, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    with pytest.raises(PutOff) as put_off:
        await ways()[ChannelKind.DISCORD].send(letter(), target(ChannelKind.DISCORD, receiver.url()))
    assert put_off.value.after_seconds == pytest.approx(90, abs=5)


@pytest.mark.parametrize("kind", HOOKS)
async def test_nobody_there_is_put_off_and_the_url_stays_secret(kind: ChannelKind) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await sent(ways(), letter(), target(kind, f"http://{LOOPBACK}:{port}/T0/very-secret"), 5)

    assert outcome.error and not outcome.is_final
    assert "very-secret" not in outcome.error


async def test_who_takes_too_long_is_left(receiver: Receiver) -> None:
    receiver.is_open.clear()
    try:
        to = target(ChannelKind.WEBHOOK, receiver.url())
        outcome = await sent(ways(), letter(), to, 0.2)
    finally:
        receiver.is_open.set()

    assert (outcome.error, outcome.is_final) == ("no answer within 0.2 s", False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://2130706433/hook",
        "https://[::1]/hook",
        "https://10.0.0.5/hook",
        "https://192.168.1.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/hook",
        "https://100.64.0.1/hook",
        "ftp://example.com/hook",
        "https://user:password@example.com/hook",
        "http://example.com/hook",
        "nonsense",
    ],
)
def test_only_the_internet_and_only_encrypted_unless_an_operator_lists_the_host(url: str) -> None:
    with pytest.raises(TargetIsNotAllowed) as refused:
        checked(url, ())
    assert "/hook" not in refused.value.detail and "password@" not in refused.value.detail


async def test_a_name_that_leads_inside_is_refused_when_it_is_sent_to() -> None:
    inside = f"https://{socket.gethostname()}/hook"
    loopback = socket.gethostbyname(socket.gethostname())
    outcome = await sent(ways(hosts=()), letter(), target(ChannelKind.WEBHOOK, inside), 5)

    assert outcome.is_final and outcome.error is not None
    assert "not on the public internet" in outcome.error and loopback not in outcome.error


async def test_a_mail_says_it_all(mailbox: Mailbox) -> None:
    smtp = SmtpSettings(host=LOOPBACK, port=mailbox.port, security="none", sender="yard@example.com")
    words = letter(title="Run “ä\nBcc: thief@example.com” failed".replace("\n", " "))
    await ways(smtp)[ChannelKind.EMAIL].send(words, target(ChannelKind.EMAIL, "", "a@x.org", "b@x.org"))

    recipients, mail = mailbox.mails.pop()
    assert recipients == ["a@x.org", "b@x.org"]
    assert mail["Subject"] == f"[Modelyard] {words.title}"
    assert (mail["From"], mail["Bcc"]) == ("yard@example.com", None)
    text = mail.get_content()
    assert all(part in text for part in (words.text, "out of memory", words.link))


async def test_a_mail_server_may_ask_who_we_are(mailbox: Mailbox) -> None:
    smtp = SmtpSettings.model_validate(
        {"host": LOOPBACK, "port": mailbox.port, "security": "none", "user": "yard", "password": "pass"}
    )
    await ways(smtp)[ChannelKind.EMAIL].send(letter(), target(ChannelKind.EMAIL, "", "a@x.org"))

    assert mailbox.logins.pop() == "PLAIN AHlhcmQAcGFzcw=="


@pytest.mark.parametrize(
    ("said", "error"),
    [("550 no such mailbox", Refused), ("451 try later", PutOff), ("452 mailbox full", PutOff)],
)
async def test_what_a_mail_server_says_of_recipients_counts(
    mailbox: Mailbox, said: str, error: type[Exception]
) -> None:
    smtp = SmtpSettings(host=LOOPBACK, port=mailbox.port, security="none")
    mailbox.refusals.append(said)
    with pytest.raises(error, match="refused the recipients"):
        await ways(smtp)[ChannelKind.EMAIL].send(letter(), target(ChannelKind.EMAIL, "", "a@x.org"))


async def test_encryption_is_not_left_out_because_a_server_has_none(mailbox: Mailbox) -> None:
    smtp = SmtpSettings(host=LOOPBACK, port=mailbox.port, security="starttls")
    with pytest.raises(Refused, match="cannot do what is asked"):
        await ways(smtp)[ChannelKind.EMAIL].send(letter(), target(ChannelKind.EMAIL, "", "a@x.org"))


async def test_without_a_mail_server_a_mail_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="MODELYARD_SMTP__HOST"):
        await ways()[ChannelKind.EMAIL].send(letter(), target(ChannelKind.EMAIL, "", "a@x.org"))
