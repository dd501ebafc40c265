"""What the settings say of enrichment."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from agent.duration import Duration, PositiveDuration
from agent.enrichment.approved_app import read_apps
from agent.enrichment.lists.list_file import ListFiles


def _network(value: Any) -> Any:
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is not a network; write it as 192.0.2.0/24 or 2001:db8::/32") from None


_Network = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(_network),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9A-Fa-f:.]+(/[0-9.]+)?$", "examples": ["192.0.2.0/24"]}),
]


class EnrichSettings(BaseModel):
    """What events are enriched with."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    databases: list[Path] = Field(default_factory=list)
    """Address databases: MMDB files (GeoLite2, GeoIP2, DB-IP, IPinfo, …). Where several know a thing, the first counts.
    A file that is replaced is opened again."""
    users: bool = True
    """Ask the org for the name, profile and role behind a user id (personal data, kept a day in the state)."""
    applications: bool = True
    """Ask the org for the names of connected apps."""
    integration_users: list[str] = Field(default_factory=list)
    """Accounts of programs: ids, usernames, profiles or user types; `*` matches any text. Without it, accounts whose
    profile or licence has "integration" or "API only" in its name."""
    expected_networks: dict[str, list[_Network]] = Field(default_factory=dict)
    """From which networks such an account may come: accounts as in `integration_users`, and their networks. The first
    entry that fits counts."""
    corporate_networks: list[_Network] = Field(default_factory=list)
    """The organisation's own networks."""
    anonymizer_lists: list[Path] = Field(default_factory=list)
    """Text files of networks that hide people (VPN, Tor, hosting): an address, network or `AS64496` a line."""
    client_kinds: Path | None = None
    """A file like `mappings/client_kinds.yaml`, whose entries count before the shipped ones."""
    leavers: Path | None = None
    """People who leave: a CSV file or a directory's LDIF export. It is read again when it is replaced."""
    leavers_last_day: str | None = None
    """The column or attribute of the last day, if it has no usual name."""
    leavers_before: Duration = timedelta(days=60)
    """How long before the last day a person counts as leaving."""
    approved_apps: list[str] = Field(default_factory=list)
    """Connected apps that were approved: ids or names; in a name `*` matches any text. `name = id` approves one app
    and no other app of that name."""
    approved_apps_file: Path | None = None
    """A file of more approved apps: an id or name a line."""
    indicators: list[Path] = Field(default_factory=list)
    """Files like `mappings/indicators/*.yaml` (or CSV), used beside the shipped ones."""
    indicator_age: PositiveDuration = timedelta(days=365)
    """How long an indicator without a date of expiry counts."""
    time_zone: str | None = None
    """The time zone in which people work, such as `America/Chicago`. By default hours in rules are those of UTC."""

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"{name!r} is not a time zone; write it as America/Chicago or UTC")
        return name

    def approved(self, files: ListFiles) -> list[str]:
        """All approved apps; none if their file could never be read, for then nobody knows which are not approved."""
        listed = files.read(self.approved_apps_file, read_apps) if self.approved_apps_file else []
        return [*self.approved_apps, *listed] if listed is not None else []
