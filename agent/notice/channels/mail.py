"""A message as a mail: plain text, the same at each attempt but for the link."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from agent.notice.arrangements.channels import MAIL_ADDRESS, SmtpSettings
from agent.notice.channels.channel import NotAccepted
from agent.notice.channels.wording import facts, headline, lines
from agent.notice.messages.message import Message

LONGEST_SUBJECT = 200
"""Characters; the whole sentence is in the text."""


def recipients(settings: SmtpSettings, message: Message) -> list[str]:
    """Whoever it is for, then where messages go besides; each once. Raises NotAccepted."""
    found = [address for address in (message.target.address, *settings.to) if address]
    if not found:
        hint = "write `to` for the channel, or `addresses` for people"
        raise NotAccepted("there is no address to write to", hint=hint, for_good=True)
    wrong = [number for number, address in enumerate(found) if not MAIL_ADDRESS.fullmatch(address)]
    if wrong:
        where = "the address" if wrong[0] == 0 and message.target.address else "an address of `to`"
        raise NotAccepted(f"{where} is not a mail address", hint="write it as name@example.com", for_good=True)
    return list(dict.fromkeys(map(_with_ascii_host, found)))


def mail(settings: SmtpSettings, message: Message, to: Sequence[str], link: str) -> EmailMessage:
    """`to`: as `recipients` has them. Time of the mail is that of the message, and so it is the same at each attempt."""
    host = _with_ascii_host(settings.sender).rpartition("@")[2]
    made = EmailMessage(policy=SMTP if all(map(str.isascii, [settings.sender, *to])) else SMTPUTF8)
    made["From"] = _with_ascii_host(settings.sender)
    made["To"] = ", ".join(to)
    made["Subject"] = headline(message)[:LONGEST_SUBJECT]
    made["Date"] = message.created_at
    made["Message-ID"] = f"<{message.id}@{host}>"
    if message.incident:  # mail programs show those of one incident together
        made["References"] = f"<{message.incident}@{host}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nothing that answers by itself answers it
    made.set_content(_text(message, link), cte="quoted-printable")
    return made


def _text(message: Message, link: str) -> str:
    parts = [headline(message), "\n".join(lines(message))]
    if link:
        parts.append(f"Look and acknowledge:\n{link}")
    parts.append("\n".join(f"{name}: {value}" for name, value in facts(message)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _with_ascii_host(address: str) -> str:
    """A host outside ASCII in the form that every server knows."""
    name, _, host = address.rpartition("@")
    try:
        return f"{name}@{host.encode('idna').decode()}"
    except UnicodeError:
        return address
