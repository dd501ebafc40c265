"""A service that the package apprise knows. It says yes or no and nothing of why: no more can be proven."""

from __future__ import annotations

import threading
from typing import Any

from agent.errors import SettingsError
from agent.notice.arrangements.channels import AppriseSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.messages.message import Message

INSTALL = "install it beside Leakline: pip install 'leakline[apprise]'"


class AppriseChannel:
    """See `Channel`."""

    def __init__(self, settings: AppriseSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._running: threading.Thread | None = None

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._service()

    def close(self) -> None:
        """It cannot be interrupted: what it sends goes on."""

    def send(self, message: Message, link: str) -> Receipt:
        """No receipt. Raises NotAccepted."""
        if self._running is not None and self._running.is_alive():
            raise NotAccepted("the attempt before is not over")  # it cannot be ended: another beside it would pile up
        try:
            service = self._service()
        except SettingsError as error:
            raise NotAccepted(str(error)) from error
        body = "\n".join([*message.lines, *([link] if link else []), message.id])
        result: list[Any] = []
        self._running = threading.Thread(
            target=lambda: result.append(service.notify(body=body, title=message.summary)), name=self.name, daemon=True
        )
        self._running.start()
        self._running.join(self._settings.timeout.total_seconds())
        if not result:
            raise NotAccepted("no answer in time; it may have been sent")
        if not result[0]:
            raise NotAccepted("apprise says no, and not why")
        return Receipt("accepted (unverified)")

    def _service(self) -> Any:
        try:
            import apprise  # an extra: most have no use for it
        except ImportError as error:
            raise SettingsError(f"{self.name} needs the package apprise", hint=INSTALL) from error
        service = apprise.Apprise()
        if not service.add(self._settings.url.read()):
            raise SettingsError(f"the secret of {self.name} is not a URL of a service that apprise knows")
        return service
