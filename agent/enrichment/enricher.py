"""What is known beyond the log: where an address is, what program it was, who the user is, what the app is called.

Everything is worked out once per distinct value. What is not known is null or not there, and never stops an event.
A row's own word counts more than a look-up, but an address database counts more than the country that a login names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Generic, TypeVar

import polars as pl

from agent.columns.known_columns import KnownColumns, or_else
from agent.enrichment.address import Addresses
from agent.enrichment.address_database import AddressDatabases
from agent.enrichment.any_address import AnyAddress
from agent.enrichment.app_imitation import AppImitations, read_imitated
from agent.enrichment.approved_app import ApprovedApps
from agent.enrichment.client_kind import Clients, read_client_kinds
from agent.enrichment.geo_record import GEO_COLUMNS
from agent.enrichment.indicator import Indicators
from agent.enrichment.integration_user import Integrations
from agent.enrichment.leaver import Leavers
from agent.enrichment.lists.indicator_files import indicator_files
from agent.enrichment.lists.list_file import ListFiles
from agent.enrichment.lookup_cache import LookupCache
from agent.enrichment.network_set import NetworkSet, read_networks
from agent.enrichment.settings import EnrichSettings
from agent.enrichment.user import UserColumns, UserLookup
from agent.errors import FileError
from agent.normalize.computed.guest import guest_columns
from agent.normalize.computed.sign_in import sign_in_columns
from agent.shipped import shipped

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
"""After so many batches a look-up is asked anew: it has a lifetime of its own, which must be able to pass."""

T = TypeVar("T")


class Enricher:
    """Adds columns to prepared frames. Batches of one org come one at a time."""

    def __init__(self, settings: EnrichSettings, files: ListFiles | None = None) -> None:
        """`files`: reads the lists; unless given, a file that cannot be used raises SettingsError or MappingError."""
        self._settings = settings
        files = files or ListFiles(strict=True)
        own = (files.read(settings.client_kinds, read_client_kinds) or []) if settings.client_kinds else []
        self._clients = Clients([*own, *read_client_kinds(shipped("mappings") / "client_kinds.yaml")])
        self._addresses = Addresses(
            AddressDatabases(settings.databases, files) if settings.databases else None,
            NetworkSet(settings.corporate_networks) if settings.corporate_networks else None,
            _anonymizers(settings.anonymizer_lists, files),
        )
        self._integrations = Integrations(settings.integration_users, settings.expected_networks)
        self._leavers = (
            Leavers(settings.leavers, settings.leavers_last_day, settings.leavers_before, files)
            if settings.leavers
            else None
        )
        approved = settings.approved(files)
        self._approved = ApprovedApps(approved) if approved else None
        self._imitated = AppImitations(read_imitated(shipped("mappings") / "imitated_apps.yaml"), approved)
        listed = indicator_files(settings.indicators, settings.indicator_age, files)
        self._indicators = Indicators([indicator for file in listed.values() for indicator in file.indicators])
        self._users = _PerLookup(UserColumns)
        self._applications = _PerLookup(_application_names)

    def enrich(
        self, prepared: pl.DataFrame, *, users: UserLookup | None = None, applications: ApplicationLookup | None = None
    ) -> pl.DataFrame:
        """The prepared frame with more columns; `users` and `applications` look up in the org that it comes from."""
        # Each step looks at the columns of those before it: networks and users first, then who is a guest, which app it
        # was, what programs and people these are, and at last the lists, which are held against all of it.
        known = KnownColumns(prepared)
        address = known.first("source.ip", "source.address", "SOURCE_IP", "CLIENT_IP")
        if address is not None:
            known.add(self._addresses.columns(address), overrule=GEO_COLUMNS)
        if users is not None and self._settings.users:
            self._add_users(known, self._users.of(users))
        known.add(guest_columns(known.all))
        application = self._application(known, applications)
        if application is not None:
            known.add({APPLICATION: application})
        known.add(self._imitated.columns(known.first(*APP_NAMES), known.first(*CLIENTS), known.first(*APP_IDS)))
        known.add(self._clients.columns(known.first(*AGENTS), known.first(*CLIENTS), application))
        known.add(self._integrations.columns(_user_columns(known), known.first("source.ip")))
        if self._leavers is not None:
            known.add(self._leavers.columns(_user_columns(known)))
        if self._approved is not None:
            known.add(self._approved.columns(known.first(*APP_IDS), application))
        known.add(sign_in_columns(known.all))
        self._add_indicators(known)
        self._add_hour(known)
        return prepared.with_columns(known.added.values())

    @property
    def problems(self) -> Sequence[FileError]:
        """Lines of lists that were left out."""
        return self._leavers.problems if self._leavers is not None else ()

    def _add_indicators(self, known: KnownColumns) -> None:
        """What lists of bad things say of any value of the row, what its sender wrote included."""
        addresses = known.every(*ADDRESSES)
        numbers: list[pl.Series] = []
        if addresses and (self._settings.anonymizer_lists or self._indicators.by_operator):
            any_address = AnyAddress(self._addresses, addresses, known.height)
            known.add(any_address.anonymizer())
            numbers = any_address.numbers()
        operator = known.all.get("source.as.number")
        if operator is not None and self._indicators.by_operator:  # an archive knows it where no database does
            numbers.append(operator.cast(pl.String))
        agents = known.first(*AGENTS)
        known.add(
            self._indicators.columns(
                known.height,
                addresses=addresses,
                numbers=numbers,
                agents=[*([agents] if agents is not None else []), *known.every(*CLIENTS)],
                apps=known.every(*APPS),
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

    def _application(self, known: KnownColumns, applications: ApplicationLookup | None) -> pl.Series | None:
        """Names of connected apps: the row's own word, else that of the look-up."""
        ids = known.first(*APP_IDS)
        found: dict[str, pl.Series] = {}
        if ids is not None and applications is not None and self._settings.applications:
            found = self._applications.of(applications).columns(ids)
        named = [
            column
            for column in (known.first(APPLICATION, "CONNECTED_APP_NAME", "ConnectedAppName"), found.get(APPLICATION))
            if column is not None
        ]
        return reduce(or_else, named).alias(APPLICATION) if named else None


def _user_columns(known: KnownColumns) -> dict[str, pl.Series]:
    """All columns, with who it was under one name whatever the source calls it."""
    who = {"user.id": known.first(*USERS), "user.name": known.first(*USER_NAMES)}
    return known.all | {name: column for name, column in who.items() if column is not None}


class _PerLookup(Generic[T]):
    """What is cached of each org's look-up, forgotten after a number of batches."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._made: dict[object, T] = {}
        self._batches = 0

    def of(self, look_up: object) -> T:
        self._batches += 1
        if self._batches > BATCHES_CACHED:
            self._made.clear()
            self._batches = 0
        if look_up not in self._made:
            self._made[look_up] = self._make(look_up)
        return self._made[look_up]


def _application_names(applications: ApplicationLookup) -> LookupCache:
    return LookupCache(
        {APPLICATION: pl.String()}, lambda ids: {app_id: (name,) for app_id, name in applications(ids).items()}
    )


def _anonymizers(paths: Sequence[Path], files: ListFiles) -> tuple[NetworkSet, frozenset[int]] | None:
    """None if there is no list that can be used: then nobody knows which addresses hide people."""
    read = [listed for path in paths if (listed := files.read(path, read_networks)) is not None]
    numbers = frozenset(number for _, numbers in read for number in numbers)
    return (NetworkSet(network for networks, _ in read for network in networks), numbers) if read else None
