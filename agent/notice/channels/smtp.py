"""Mail over SMTP (RFC 5321), by TLS unless the settings say otherwise; the whole exchange is bounded by `timeout`.

A mail's `Message-ID` is made of the message's id, so a mail program can tell that one came twice. It can: where the connection
ends after the text was sent, nobody knows whether it was accepted, and it is sent again.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping, Sequence

from agent.errors import SettingsError
from agent.network.failure import explain
from agent.notice.arrangements.channels import SmtpSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.channels.http_client import settings_trouble
from agent.notice.channels.mail import mail, recipients
from agent.notice.channels.smtp_session import SmtpSession
from agent.notice.channels.wording import answer_text
from agent.notice.messages.message import Message
from agent.redaction.redaction import register_basic

SUBMISSION, SUBMISSION_TLS, RELAY = 587, 465, 25
"""Ports (RFC 6409, RFC 8314, RFC 5321)."""

FOR_GOOD = range(500, 600)
SIGN_IN_REFUSED = frozenset({530, 534, 535})

_QUEUE_ID = re.compile(r"(?:queued as|\bid[=: ]|\[InternalId=)\s*([\w.-]+)", re.IGNORECASE)

Refusals = Mapping[str, tuple[int, str]]
"""By address: the code and what was said."""


class Smtp:
    """A `Channel`; each message has a session of its own."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.name = settings.name
        self._settings = settings
        by_tls = SUBMISSION if settings.starttls else RELAY
        self._port = settings.port or (SUBMISSION_TLS if settings.implicit_tls else by_tls)

    def prepare(self) -> None:
        self._password()
        self._settings.tls.context()

    def send(self, message: Message, link: str) -> Receipt:
        settings = self._settings
        to = recipients(settings, message)
        content = mail(settings, message, to, link)
        try:
            password, context = self._password(), settings.tls.context()
        except SettingsError as error:
            raise settings_trouble(error) from error
        session = SmtpSession(settings.host, self._port, settings.timeout.total_seconds(), context)
        try:
            with session:
                session.open(implicit_tls=settings.implicit_tls, starttls=settings.starttls)
                if settings.username is not None:
                    session.login(settings.username, password)
                is_first_needed = bool(message.target.address)
                return _transaction(session, content["From"], to, content.as_bytes(), is_first_needed=is_first_needed)
        except NotAccepted as error:
            raise _named(self._settings.host, error) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise self._failure(session, error) from error

    def close(self) -> None:
        """Each message has closed its own session."""

    def _password(self) -> str:
        """Empty where nobody signs in. Raises SettingsError."""
        settings = self._settings
        if settings.username is None:
            if settings.password is not None:
                hint = "write its `username`, or remove `password`"
                raise SettingsError(f"the channel {self.name} has a `password` and no `username`", hint=hint)
            return ""
        if not (settings.starttls or settings.implicit_tls):
            hint = "write `starttls: true` or `implicit_tls: true`"
            raise SettingsError(f"the channel {self.name} would send its password without TLS", hint=hint)
        if settings.password is None:
            raise SettingsError(f"the channel {self.name} has a `username` and no `password`", hint="name its password")
        password = settings.password.read()
        register_basic(settings.username, password)
        return password

    def _failure(self, session: SmtpSession, error: Exception) -> NotAccepted:
        host = self._settings.host
        if session.is_overdue or isinstance(error, TimeoutError):
            return NotAccepted(f"{host}: not done within {self._settings.timeout.total_seconds():g} s")
        if isinstance(error, smtplib.SMTPResponseException):
            refused = error.smtp_code in SIGN_IN_REFUSED
            hint = "look at the channel's `username` and `password`" if refused else ""
            said = answer_text(f"{host} answered {error.smtp_code} {_text(error.smtp_error)}")
            return NotAccepted(said, hint=hint, for_good=error.smtp_code in FOR_GOOD)
        if isinstance(error, UnicodeError):
            return NotAccepted(f"{host}: SMTP cannot carry this user name or password", hint="write it in ASCII")
        return NotAccepted(answer_text(f"{host}: {explain(error)}"))


def _transaction(
    session: SmtpSession, sender: str, to: Sequence[str], content: bytes, *, is_first_needed: bool
) -> Receipt:
    """One mail to all. Where the first address is refused for now, nobody gets it yet; where for good, the others do.

    Raises SMTPException, OSError; NotAccepted where the first address, or every one, is refused.
    """
    options = ["SMTPUTF8"] if not all(map(str.isascii, [str(sender), *to])) else []
    if options and not session.has_extn("smtputf8"):
        raise NotAccepted("it takes ASCII addresses only", hint="write an address in ASCII", for_good=True)
    code, said = session.mail(str(sender), options)
    if code != 250:
        raise smtplib.SMTPResponseException(code, said)
    refusals = _refusals(session, to)
    first = refusals.get(to[0]) if is_first_needed else None
    if len(refusals) == len(to) or (first is not None and first[0] not in FOR_GOOD):
        raise _refused(to, refusals, "")
    code, said = session.data(content)
    if code != 250:
        raise smtplib.SMTPDataError(code, said)
    text = _text(said)
    if first is not None:
        raise _refused(to, refusals, f"; the others were accepted: {text}")
    beside = f"; refused: {_list(to, refusals)}" if refusals else ""
    queue_id = _QUEUE_ID.search(text)
    return Receipt(answer_text(f"{code} {text}{beside}"), answer_text(queue_id[1]) if queue_id else "")


def _refusals(session: SmtpSession, to: Sequence[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for address in to:
        code, said = session.rcpt(address)
        if code == 421:  # it closes the connection
            raise smtplib.SMTPResponseException(code, said)
        if code not in (250, 251):
            found[address] = code, _text(said)
    return found


def _refused(to: Sequence[str], refusals: Refusals, beside: str) -> NotAccepted:
    """For good only if no refusal is for now."""
    for_good = all(code in FOR_GOOD for code, _ in refusals.values())
    return NotAccepted(answer_text(f"refused: {_list(to, refusals)}{beside}"), for_good=for_good)


def _list(to: Sequence[str], refusals: Refusals) -> str:
    """Which addresses by their number: they are personal data, and this is kept."""
    return ", ".join(
        f"address {number} of {len(to)} ({code} {said})"
        for number, address in enumerate(to, 1)
        for code, said in [refusals.get(address, (0, ""))]
        if code
    )


def _named(host: str, error: NotAccepted) -> NotAccepted:
    message = f"{host}: {error.args[0]}"
    return NotAccepted(message, hint=error.hint, retry_after=error.retry_after, for_good=error.for_good)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
