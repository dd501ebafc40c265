"""Mail, by the standard library's SMTP. The id of a message is its `Message-ID`, the same for each attempt (RFC 5322 section 3.6.4)."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from agent.errors import SettingsError
from agent.notice.arrangements.channels import SmtpSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.messages.message import MOST_ANSWER, Message
from agent.redaction.redaction import excerpt

SUBMISSION, SUBMISSION_TLS, PLAIN = 587, 465, 25
"""Ports (RFC 6409, RFC 8314, RFC 5321)."""

_QUEUE_ID = re.compile(r"queued as ([\w.-]{1,80})|\b(?:id|queue-id)=?\s*([\w.-]{4,80})", re.IGNORECASE)


class SmtpChannel:
    """See `Channel`. A connection for each message: they are rare, and servers close those that are idle."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.name = settings.name
        self._settings = settings
        default = SUBMISSION if settings.starttls else PLAIN
        self._port = settings.port or (SUBMISSION_TLS if settings.implicit_tls else default)
        self._domain = settings.sender.rpartition("@")[2]

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._settings.tls.context()
        if self._settings.password is not None:
            self._settings.password.read()

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, message: Message, link: str) -> Receipt:
        """Receipt: the server's queue id. Raises NotAccepted."""
        recipients = list(dict.fromkeys([*filter(None, [message.target.address]), *self._settings.to]))
        if not recipients:
            hint = f"write `addresses: {{{self.name}: …}}` for the person, or `to` for the channel"
            raise NotAccepted("nobody's address is known", hint=hint, for_good=True)
        try:
            content = self._content(message, link, recipients).as_bytes()
            with self._session() as session:
                return self._sent(session, recipients, content)
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, said = max(error.recipients.values(), key=lambda answer: answer[0])
            raise _refused(code, said) from error
        except smtplib.SMTPNotSupportedError as error:
            hint = "the server offers no such thing; correct `starttls`, `implicit_tls`, `username` or the port"
            raise NotAccepted(str(error), hint=hint) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotAccepted(f"{self._settings.host}:{self._port}: {_reason(error)}") from error
        except SettingsError as error:
            raise NotAccepted(str(error)) from error

    def _sent(self, session: smtplib.SMTP, recipients: Sequence[str], content: bytes) -> Receipt:
        """As `smtplib.sendmail` does it, but the answer to the content is kept: it has the queue id."""
        code, said = session.mail(self._settings.sender)
        if code != 250:
            raise smtplib.SMTPResponseException(code, said)
        refused: dict[str, tuple[int, bytes]] = {}
        for recipient in recipients:
            code, said = session.rcpt(recipient)
            if code not in (250, 251):
                refused[recipient] = code, said
        if len(refused) == len(recipients):
            raise smtplib.SMTPRecipientsRefused(refused)
        code, said = session.data(content)
        if code != 250:
            raise smtplib.SMTPResponseException(code, said)
        answer = said.decode("utf-8", "replace")
        found = _QUEUE_ID.search(answer)
        queue_id = next((group for group in found.groups() if group), "") if found else ""
        some = f"; {len(refused)} of {len(recipients)} addresses refused" if refused else ""
        return Receipt(excerpt(f"{code} {answer}{some}", MOST_ANSWER), queue_id)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Signed in, and ended as a whole when its time is over: the library bounds a single read alone."""
        settings = self._settings
        seconds = settings.timeout.total_seconds()
        context = settings.tls.context() if settings.starttls or settings.implicit_tls else None
        session = _Session(settings.implicit_tls, context, seconds)
        timer = threading.Timer(seconds, session.cut)
        timer.daemon = True
        timer.start()
        try:
            session.connect(settings.host, self._port)
            session.ehlo(self._domain)
            if settings.starttls and not settings.implicit_tls:
                session.starttls(context=context)
                session.ehlo(self._domain)
            if settings.username is not None:
                session.login(settings.username, settings.password.read() if settings.password else "")
            yield session
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            timer.cancel()
            with suppress(OSError):
                session.close()
        # What came back is whole: an answer that was cut raised.

    def _content(self, message: Message, link: str, recipients: Sequence[str]) -> EmailMessage:
        """Plain text; a line end in a header is an error of the library (RFC 5322 section 2.2)."""
        mail = EmailMessage()
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Date"] = format_datetime(message.created_at)
        mail["From"] = formataddr(("Leakline", self._settings.sender))
        mail["To"] = ", ".join(recipients)
        mail["Subject"] = " ".join(message.summary.split())
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
        if message.level in ("high", "critical"):
            mail["Importance"] = "high"
        text = [message.summary, "", *message.lines]
        if link:
            text += ["", "To acknowledge it, open this and press the button; opening alone changes nothing:", link]
        mail.set_content("\n".join([*text, "", f"Message {message.id} of Leakline.", ""]))
        return mail


class _Session(smtplib.SMTP):
    """A connection that another thread can end, also while it is being opened."""

    def __init__(self, implicit_tls: bool, context: ssl.SSLContext | None, timeout: float) -> None:
        self._implicit = context if implicit_tls else None
        self._cut = False
        super().__init__(timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = socket.create_connection((host, port), timeout)
        if self._implicit is not None:
            opened = self._implicit.wrap_socket(opened, server_hostname=host)
        if self._cut:
            opened.close()
            raise TimeoutError("its time is over")
        self._host = host  # for the name in the certificate at STARTTLS
        return opened

    def cut(self) -> None:
        self._cut = True
        known = self.sock
        if known is not None:
            with suppress(OSError):
                socket.socket.shutdown(known, socket.SHUT_RDWR)


def _refused(code: int, said: bytes | str) -> NotAccepted:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    answer = excerpt(f"{code} {text}", MOST_ANSWER)
    # RFC 5321 section 4.2.1: 4yz is worth another attempt, 5yz is not; without a sign-in (530, 535) a setting is wrong.
    for_good = 500 <= code < 600 and code not in (530, 535, 538)
    return NotAccepted(f"the mail server refused it: {answer}", for_good=for_good)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return f"no whole answer in time ({error})"
    return str(error)
