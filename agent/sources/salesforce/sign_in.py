"""The token of an org, which all its sources share, and getting a new one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import httpx

from agent.errors import NotReady, SettingsError, TransportError
from agent.network.failure import explain
from agent.sources.salesforce.clock_offset import OrgClock
from agent.sources.salesforce.connections import HostConnections
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.token import Token, obtain


class SignIn:
    """Of one org. Safe for threads."""

    def __init__(
        self,
        settings: OrgSettings,
        connections: HostConnections,
        clock: OrgClock,
        *,
        now: Callable[[], datetime],
        rotated: Callable[[str], None],
    ) -> None:
        """`rotated`: see `Session`."""
        self._settings = settings
        self._connections = connections
        self._clock = clock
        self._now = now
        self._rotated = rotated
        self._refresh_token: str | None = None
        self._token: Token | None = None
        self._lock = threading.Lock()

    @property
    def is_done(self) -> bool:
        """Whether there is a token, good or stale; asks nobody."""
        return self._token is not None

    def token(self, stale: Token | None = None) -> Token:
        """The token in use, which is not `stale`: the first thread to say so gets a new one for all."""
        with self._lock:
            if self._token is None or self._token is stale:
                self._token = None
                self._token = self._obtain()
            return self._token

    def forget(self) -> None:
        """Whoever asks next signs in anew: the org may have moved."""
        with self._lock:
            self._token = None

    def prepare(self) -> None:
        """Raises NotReady when a secret, certificate or proxy of the settings cannot be used; asks nobody."""
        try:
            self._settings.auth.form(self._settings.url, self._now())
            with self._connections.to(self._settings.url).connection():
                return
        except SettingsError as error:
            raise not_ready(self._settings, error) from error

    def _obtain(self) -> Token:
        settings = self._settings
        try:
            form = settings.auth.form(settings.url, self._now())
            if self._refresh_token is not None:
                form["refresh_token"] = self._refresh_token
            with self._connections.to(settings.url).connection() as connection:
                token = obtain(connection, settings, form, settings.deadline.total_seconds(), self._clock)
        except SettingsError as error:
            raise not_ready(settings, error) from error
        except httpx.HTTPError as error:
            raise TransportError(f"{settings.name}: {explain(error)}") from error
        if token.refresh_token and token.refresh_token != form.get("refresh_token"):
            self._refresh_token = token.refresh_token
            self._rotated(token.refresh_token)
        return token


def not_ready(settings: OrgSettings, error: SettingsError) -> NotReady:
    """What is wrong with the settings of this org, as a failure of its sources."""
    return NotReady(f"{settings.name}: {error.args[0]}", hint=error.hint)
