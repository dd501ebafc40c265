"""Any service that the package apprise knows (https://github.com/caronc/apprise); it is installed besides.

apprise says whether it believes that a message was sent, and not what the other side answered. It waits without a bound, so it
does on a thread of its own: one that hangs is left behind, and until it ends no other message is handed over.
"""

from __future__ import annotations

import threading
from typing import Any

from agent.errors import SettingsError
from agent.notice.arrangements.channels import AppriseSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.channels.http_client import settings_trouble
from agent.notice.channels.wording import facts, headline, lines
from agent.notice.messages.message import Message

INSTALL = "pip install leakline[apprise]"


class AppriseService:
    """A `Channel`; an address has no meaning to it, for its URL says where."""

    def __init__(self, settings: AppriseSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        self._service()

    def send(self, message: Message, link: str) -> Receipt:
        if self._thread is not None and self._thread.is_alive():
            raise NotAccepted("apprise is still busy with the message before this one")
        try:
            service = self._service()
        except SettingsError as error:
            raise settings_trouble(error) from error
        ended: list[bool | str] = []
        parts = "\n".join([*lines(message), *([f"Look and acknowledge: {link}"] if link else []), *_facts(message)])
        self._thread = threading.Thread(
            target=_notify, args=(service, headline(message), parts, ended), name=f"apprise {self.name}", daemon=True
        )
        self._thread.start()
        seconds = self._settings.timeout.total_seconds()
        self._thread.join(seconds)
        if not ended:
            raise NotAccepted(f"apprise had not sent it within {seconds:g} s; it may be sent later all the same")
        if ended[0] is not True:
            reason = f" ({ended[0]})" if isinstance(ended[0], str) else ""
            raise NotAccepted(f"apprise could not send it{reason}; it does not say why")
        return Receipt("accepted (unverified): apprise does not show what the other side answered")

    def close(self) -> None:
        """A thread that hangs ends with the process."""

    def _service(self) -> Any:
        """Raises SettingsError, without the URL."""
        try:
            import apprise
        except ImportError as error:
            message = f"the channel {self.name} needs the package apprise, which is not installed"
            raise SettingsError(message, hint=f"`{INSTALL}`") from error
        service = apprise.Apprise()
        if not service.add(self._settings.url.read()):
            hint = "`apprise --details` lists the forms that it knows"
            raise SettingsError(f"apprise does not know the form of the channel {self.name}'s URL", hint=hint)
        return service


def _facts(message: Message) -> list[str]:
    return [f"{name}: {value}" for name, value in facts(message)]


def _notify(service: Any, title: str, body: str, ended: list[bool | str]) -> None:
    try:
        ended.append(bool(service.notify(title=title, body=body)))
    except Exception as error:  # noqa: BLE001 - a plugin's fault; what it says may repeat the URL
        ended.append(type(error).__name__)
