"""What is known beyond the log: where an address is, what program it was, who the user is, what the app is called.

Everything is worked out once per distinct value. What is not known is null or not there, and never stops an event.
A row's own word counts more than a look-up, but an address database counts more than the country that a login names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import polars as pl

from agent.columns.known_columns import KnownColumns, or_else
from agent.columns.row_values import RowValues
from agent.enrichment.address import AddressColumns
from agent.enrichment.any_address import AnyAddress
from agent.enrichment.app_imitation import AppImitationColumns
from agent.enrichment.approved_app import ApprovedAppColumns
from agent.enrichment.client_kind import ClientColumns
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.geo_record import GEO_COLUMNS
from agent.enrichment.indicator import IndicatorColumns
from agent.enrichment.integration_user import IntegrationColumns
from agent.enrichment.leaver import LeaverColumns
from agent.enrichment.lookup_cache import LookupCache
from agent.enrichment.user import UserColumns, UserLookup
from agent.normalize.computed.guest import guest_columns
from agent.normalize.computed.sign_in import sign_in_columns

ApplicationLookup = Callable[[Sequence[str]], Mapping[str, str]]
"""Ids of connected apps to their names; one that is not known, or cannot be asked for now, is left out."""

APPLICATION = "salesforce.connected_app.name"
APP_NAMES = (APPLICATION, "CONNECTED_APP_NAME", "ConnectedAppName", "Application")
"""Where a row names its app, the look-up's word first."""
LOCAL_HOUR = "leakline.local_hour"
"""The hour of the day (0 to 23) in the time zone of the settings."""

ADDRESSES = ("related.ip", "source.ip")
"""Where lists of bad addresses look. Those that free look at `source.ip` alone, which no sender writes."""
AGENTS = (
    "user_agent.original",
    "USER_AGENT",
    "BROWSER_TYPE",
    "UserAgent",
    "Browser",
    "CurrentUserAgent",
    "BrowserType",
)
CLIENTS = ("CLIENT_NAME", "Client", "ClientName")
APP_IDS = ("CONNECTED_APP_ID", "ConnectedAppId", "ConnectedAppIdentifier")
APPS = (APPLICATION, "CONNECTED_APP_NAME", "ConnectedAppName", "Application", "CLIENT_NAME", "APP_NAME", "AppName")
"""Columns of log files, and fields of real-time events and objects."""

USERS = ("user.id", "USER_ID_DERIVED", "USER_ID", "UserId", "CreatedById")
USER_NAMES = ("user.name", "USER_NAME", "Username", "UserName")

BATCHES_CACHED = 200
"""After so many batches of an org its look-ups are asked anew: answers have a lifetime there, which must be able to pass."""


class Enricher:
    """Adds columns to prepared frames of one org, which come one at a time; other orgs have enrichers of their own.

    Cheap to make: what it caches of the data begins empty, and is bounded.
    """

    def __init__(
        self, data: EnrichmentData, *, users: UserLookup | None = None, applications: ApplicationLookup | None = None
    ) -> None:
        """`users` and `applications` look up in the org; None where there is nobody to ask."""
        self._settings = settings = data.settings
        self._clients = ClientColumns(data.client_kinds)
        self._addresses = AddressColumns(data.databases, data.corporate, data.anonymizers)
        self._integrations = IntegrationColumns(settings.integration_users, data.expected_networks)
        self._leavers = LeaverColumns(data.leavers, settings.leavers_before) if data.leavers is not None else None
        self._approved = ApprovedAppColumns(data.approved) if data.approved is not None else None
        self._imitations = AppImitationColumns(data.imitations)
        self._by_operator = data.indicators.by_operator
        self._indicators = IndicatorColumns(data.indicators)
        self._users = UserColumns(users) if users is not None and settings.users else None
        self._applications = (
            _application_names(applications) if applications is not None and settings.applications else None
        )
        self._batches = 0

    def enrich(self, prepared: pl.DataFrame) -> pl.DataFrame:
        """The prepared frame with more columns."""
        self._forget_in_time()
        # Each step looks at the columns of those before it: networks and users first, then who is a guest, which app it
        # was, what programs and people these are, and at last the lists, which are held against all of it.
        known = KnownColumns(prepared)
        address = known.first("source.ip", "source.address", "SOURCE_IP", "CLIENT_IP")
        if address is not None:
            known.add(self._addresses.columns(address), overrule=GEO_COLUMNS)
        if self._users is not None:
            self._add_users(known, self._users)
        known.add(guest_columns(known.all))
        application = self._application(known)
        if application is not None:
            known.add({APPLICATION: application})
        known.add(self._imitations.columns(known.first(*APP_NAMES), known.first(*CLIENTS), known.first(*APP_IDS)))
        known.add(self._clients.columns(known.first(*AGENTS), known.first(*CLIENTS), application))
        known.add(self._integrations.columns(_user_columns(known), known.first("source.ip")))
        if self._leavers is not None:
            known.add(self._leavers.columns(_user_columns(known)))
        if self._approved is not None:
            known.add(self._approved.columns(known.first(*APP_IDS), application))
        known.add(sign_in_columns(known.all))
        self._add_indicators(known)
        self._add_hour(known)
        return _beside(prepared, known.added)

    def _forget_in_time(self) -> None:
        self._batches += 1
        if self._batches > BATCHES_CACHED:
            self._batches = 1
            for look_up in (self._users, self._applications):
                if look_up is not None:
                    look_up.forget()

    def _add_indicators(self, known: KnownColumns) -> None:
        """What lists of bad things say of any value of the row, what its sender wrote included."""
        addresses = _every(known, ADDRESSES)
        numbers: list[RowValues] = []
        if addresses and (self._settings.anonymizer_lists or self._by_operator):
            any_address = AnyAddress(self._addresses, addresses)
            known.add(any_address.anonymizer())
            numbers = any_address.numbers()
        operator = known.all.get("source.as.number")
        if operator is not None and self._by_operator:  # an archive knows it where no database does
            numbers.append(RowValues(operator.cast(pl.String)))
        agents = known.first(*AGENTS)
        known.add(
            self._indicators.columns(
                known.height,
                addresses=addresses,
                numbers=numbers,
                agents=[*([RowValues(agents)] if agents is not None else []), *_every(known, CLIENTS)],
                apps=_every(known, APPS),
                times=known.all.get("@timestamp"),
            )
        )

    def _add_hour(self, known: KnownColumns) -> None:
        """`leakline.local_hour` (`Int64`), in the zone of the settings: of 2026-07-01T05:30Z in Chicago it is 0."""
        moment, zone = known.all.get("@timestamp"), self._settings.time_zone
        if zone is not None and moment is not None:
            known.add({LOCAL_HOUR: moment.dt.convert_time_zone(zone).dt.hour().cast(pl.Int64)})

    def _add_users(self, known: KnownColumns, users: UserColumns) -> None:
        """Columns for who did it and for whom it was done to."""
        ids = known.first("user.id", "USER_ID_DERIVED", "USER_ID")
        if ids is not None:
            known.add(users.columns(ids))
        targets = known.first("user.target.id")
        if targets is not None:
            known.add(users.target_columns(targets))

    def _application(self, known: KnownColumns) -> pl.Series | None:
        """Names of connected apps: the row's own word, else that of the look-up."""
        ids = known.first(*APP_IDS)
        found = self._applications.columns(ids) if ids is not None and self._applications is not None else {}
        named = [
            column
            for column in (known.first(APPLICATION, "CONNECTED_APP_NAME", "ConnectedAppName"), found.get(APPLICATION))
            if column is not None
        ]
        return reduce(or_else, named).alias(APPLICATION) if named else None


def _every(known: KnownColumns, names: Sequence[str]) -> list[RowValues]:
    return [RowValues(column) for column in known.every(*names)]


def _beside(frame: pl.DataFrame, added: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The frame with columns added or replaced: what `with_columns` does at ten times the cost of a small batch."""
    place = {name: number for number, name in enumerate(frame.columns)}
    together = frame.clone()
    for name in added.keys() & place.keys():
        together.replace_column(place[name], added[name])
    return together.hstack([column for name, column in added.items() if name not in place])


def _user_columns(known: KnownColumns) -> dict[str, pl.Series]:
    """All columns, with who it was under one name whatever the source calls it."""
    who = {"user.id": known.first(*USERS), "user.name": known.first(*USER_NAMES)}
    return known.all | {name: column for name, column in who.items() if column is not None}


def _application_names(applications: ApplicationLookup) -> LookupCache:
    return LookupCache(
        {APPLICATION: pl.String()}, lambda ids: {app_id: (name,) for app_id, name in applications(ids).items()}
    )
