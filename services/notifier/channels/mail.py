"""E-mail through the house's mail server."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from services.notifier.errors import PutOff, Refused
from services.notifier.letters import Letter, Target
from services.notifier.settings import SmtpSettings

PATIENCE_SECONDS = 8.0
MOST_LINES = 10_000
NOT_SET_UP = "this installation has no mail server: set MODELYARD_SMTP__HOST"


@dataclass(frozen=True)
class EmailChannel:
    settings: SmtpSettings

    async def send(self, letter: Letter, target: Target) -> None:
        if not self.settings.host:
            raise Refused(NOT_SET_UP)
        message = _message(letter, self.settings.sender, target.recipients)
        try:
            # The library waits in its thread; its patience ends before that of who called.
            await asyncio.to_thread(self._hand_over, message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _outcome(max(codes), "the mail server refused the recipients") from error
        except smtplib.SMTPResponseException as error:
            words = f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}"
            raise _outcome(error.smtp_code, words) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(f"the mail server cannot do what is asked: {error}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise PutOff(f"the mail server cannot be reached: {type(error).__name__}") from error

    def _hand_over(self, message: EmailMessage) -> None:
        with self._connection() as server:
            if self.settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.settings.user:
                password = self.settings.password.get_secret_value() if self.settings.password else ""
                server.login(self.settings.user, password)
            server.send_message(message)

    def _connection(self) -> smtplib.SMTP:
        if self.settings.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                self.settings.host, self.settings.port, timeout=PATIENCE_SECONDS, context=context
            )
        return smtplib.SMTP(self.settings.host, self.settings.port, timeout=PATIENCE_SECONDS)


def _message(letter: Letter, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = f"[Modelyard] {letter.title}"
    message["Date"] = format_datetime(letter.occurred_at)
    # Of each delivery one: a mail that came twice is shown once.
    message["Message-ID"] = f"<{letter.id}@modelyard>"
    message["Auto-Submitted"] = "auto-generated"
    lines = letter.last_lines(MOST_LINES)
    said = f"\nIt said last:\n\n{lines}\n" if lines else ""
    message.set_content(f"{letter.text}\n{said}\n{letter.link}\n")
    return message


def _outcome(code: int, words: str) -> Refused | PutOff:
    return PutOff(words) if 400 <= code < 500 else Refused(words)


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]
