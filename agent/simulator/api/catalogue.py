"""Which objects this org shows, given what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.org import objects
from agent.simulator.org.event_tables import event_tables
from agent.simulator.org.objects import Table
from agent.simulator.org.record_tables import record_tables
from agent.simulator.org.user_permissions import NAME as PERMISSIONS
from agent.simulator.org.user_permissions import lost_permissions, permission_table, permitted
from agent.simulator.org.user_record import user_record
from agent.simulator.records.record_kind import Record
from agent.simulator.world.columns import layouts
from agent.simulator.world.record_id import long_id

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

FIRST_VERSION_OF_FILES = 32
FIRST_VERSION_OF_HOURLY = 37

_SINCE = "2021-03-01T09:00:00.000+0000"
_MADE = {"CreatedDate": _SINCE, "LastModifiedDate": _SINCE, "SystemModstamp": _SINCE}


def tables(org: SimulatedOrg, api_version: str) -> dict[str, Table]:
    """Object name in lower case to the object, as one API version shows it."""
    shown = [
        Table("User", objects.USER, lambda: _users(org), relations={"Profile": "Profile", "UserRole": "UserRole"}),
        Table("Profile", objects.PROFILE, lambda: _profiles(org)),
        Table("ConnectedApplication", objects.CONNECTED_APPLICATION, lambda: _applications(org)),
        Table("ExternalClientApplication", objects.EXTERNAL_CLIENT_APPLICATION, list),
        Table("Organization", objects.ORGANIZATION, lambda: [_organization(org)]),
    ]
    shown += event_tables(org, api_version)
    shown += record_tables(org)
    files = _event_log_file(org, api_version)
    if files is not None:
        shown.append(files)
    hidden, empty = _listed(org.hidden()), _listed(org.faults.empty_objects)
    lost = lost_permissions(hidden)
    shown = [*permitted(shown, lost, long_id(org.staff.watcher.id)), permission_table(lost)]
    fields = frozenset(name for name in hidden if not name.startswith(f"{PERMISSIONS}."))
    seen = [_as_seen(table, fields) for table in shown if table.name not in hidden]
    return {table.name.lower(): _emptied(table) if table.name in empty else table for table in seen}


def _listed(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(","))


def _as_seen(table: Table, hidden: frozenset[str]) -> Table:
    """Without the fields that field-level security hides: they are neither described nor known to queries."""
    prefix = f"{table.name}."
    return table.without(*(name.removeprefix(prefix) for name in hidden if name.startswith(prefix)))


def _emptied(table: Table) -> Table:
    """As a user sees it who may see none of its rows."""
    return replace(table, rows=list, between=None, newest=None, deleted=None)


def picklists(table: Table) -> dict[str, list[str]]:
    """The values of the picklists that log readers look at."""
    if table.name != "EventLogFile":
        return {}
    return {"EventType": sorted(name for name in layouts() if "@" not in name), "Interval": ["Daily", "Hourly"]}


def _event_log_file(org: SimulatedOrg, api_version: str) -> Table | None:
    faults, version = org.faults, float(api_version)
    if faults.missing_permission == "invalid_type" or version < FIRST_VERSION_OF_FILES:
        return None
    table = Table("EventLogFile", objects.EVENT_LOG_FILE, lambda: _files(org, api_version))
    if faults.no_hourly or faults.free_only or version < FIRST_VERSION_OF_HOURLY:
        return table.without("Interval", "Sequence")
    return table


def _files(org: SimulatedOrg, api_version: str) -> list[Record]:
    if org.faults.missing_permission == "empty":
        return []
    owner = long_id(org.staff.of("admin")[0].id)
    people = {"CreatedById": owner, "LastModifiedById": owner}
    return [file.record(api_version) | people for file in org.log_files()]


def _users(org: SimulatedOrg) -> list[Record]:
    last = org.last_login()
    return [user_record(user, last) for user in org.staff.users]


def _profiles(org: SimulatedOrg) -> list[Record]:
    return [
        {
            "Id": long_id(profile.id),
            "Name": profile.name,
            "UserType": profile.user_type,
            "PermissionsViewAllData": profile.name == "System Administrator",
            "PermissionsModifyAllData": profile.name == "System Administrator",
            "PermissionsApiEnabled": profile.user_type != "Guest",
            "PermissionsExportReport": profile.name != "Service Agent" and profile.user_type != "Guest",
            "PermissionsViewEventLogFiles": "System" in profile.name and not org.faults.missing_permission,
            **_MADE,
        }
        for profile in org.staff.profiles.values()
    ]


def _applications(org: SimulatedOrg) -> list[Record]:
    return [
        {"Id": long_id(app.id), "Name": app.name, "OptionsAllowAdminApprovedUsersOnly": app.approved, **_MADE}
        for app in org.staff.applications.values()
    ]


def _organization(org: SimulatedOrg) -> Record:
    return {
        "Id": org.id,
        "Name": "Example Trading",
        "OrganizationType": "Enterprise Edition",
        "IsSandbox": False,
        "InstanceName": "SIM1",
        "NamespacePrefix": None,
        "TimeZoneSidKey": "America/Chicago",
        "CreatedDate": rest_time(1_300_000_000_000),
    }
