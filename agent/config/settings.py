"""The settings: typed, checked, each room's own beside its code; here is the union.

Every error names the key path (`destinations[0].token`) and what to write instead; the command then exits with 78.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from agent.config.channel_destinations import wrong_destinations
from agent.config.conflicts import conflict
from agent.config.tagged_union import TaggedUnion
from agent.config.validation_message import error_lines
from agent.destinations.elastic.elastic import ElasticSettings
from agent.destinations.file.file import FileSettings
from agent.destinations.splunk.splunk import SplunkSettings
from agent.destinations.syslog.syslog import SyslogSettings
from agent.detection.sigma.rule import STATUSES, Level, Status
from agent.drills.settings import DrillSettings
from agent.duration import Duration, PositiveDuration
from agent.enrichment.settings import EnrichSettings
from agent.errors import SettingsError
from agent.network.server_address import HostName
from agent.notice.settings import NoticeSettings
from agent.permissions.settings import PermissionSettings
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.inbound.settings import InboundSettings
from agent.sources.objects.settings import (
    EventLogObjectSettings,
    LoginHistorySettings,
    ObjectSettings,
    ProvisioningSettings,
    SessionsSettings,
    SetupAuditTrailSettings,
)
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.source_name import name_of
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.trail.settings import TrailSettings

SourceSettings = Annotated[
    EventLogFileSettings
    | RealTimeSettings
    | StoredEventsSettings
    | SetupAuditTrailSettings
    | LoginHistorySettings
    | EventLogObjectSettings
    | ProvisioningSettings
    | SessionsSettings
    | ObjectSettings,
    TaggedUnion("type", default="event_log_file"),
]
DestinationSettings = Annotated[
    FileSettings | SplunkSettings | ElasticSettings | SyslogSettings, Field(discriminator="type")
]


def _log_files() -> list[SourceSettings]:
    return [EventLogFileSettings()]


class StrictSettings(BaseModel):
    # JSON, by which settings are approved and kept, has no infinite numbers.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class StateSettings(StrictSettings):
    """Where everything that must survive a restart is kept."""

    directory: Path = Path("/var/lib/leakline")
    """The folder: on a local disk, readable by the service alone."""
    spool_limit_mb: int = Field(default=20_000, ge=64)
    """How much the batches that wait for destinations, and those set aside for them, may take together, in MB. Above
    it reading pauses. Half of it belongs to the orgs in equal parts, the other half to whichever needs more."""
    control_socket: Path | None = None
    """The socket at which commands find the daemon. Unless set, it is under /run/leakline for the default state
    directory (which only the service may enter), else in the state directory."""

    def socket(self) -> Path:
        default = Path("/run/leakline") if self.directory == Path("/var/lib/leakline") else self.directory
        return self.control_socket or default / "control.sock"


class Org(OrgSettings):
    """One Salesforce org and what is read from it."""

    sources: list[SourceSettings] = Field(default_factory=_log_files, min_length=1)
    """What is read from the org: at most one source of each type, and one of type `object` for each object."""
    prefer: Literal["stream", "both"] = "stream"
    """Log files tell hours later of what the stream has told. With `stream` their rows are forwarded, and rules do not alert
    again for hours that were streamed without a gap; with `both` they do."""

    @field_validator("sources")
    @classmethod
    def _one_of_a_name(cls, sources: list[SourceSettings]) -> list[SourceSettings]:
        known = set[str]()
        for source in sources:
            name = name_of("", source).lower()  # Salesforce does not tell objects apart by case
            if name in known:
                what = " of ".join(
                    ["type object", source.object] if source.type == "object" else [f"type {source.type}"]
                )
                raise ValueError(f"two sources of {what} would share one cursor; put what they read into one")
            known.add(name)
        return sources


class NormalizeSettings(StrictSettings):
    """How log rows become events."""

    mappings: list[Path] = Field(default_factory=list)
    """Folders of your own mappings. A mapping there replaces the shipped one of the same event type."""
    keep_original: bool = False
    """Send each raw row too, as `event.original`. This about doubles the volume."""


class ValuesFile(StrictSettings):
    """A text file of values: one a line; a line that begins with `#` is a comment."""

    file: Path
    """The path of the file."""


class RuleAdjustment(StrictSettings):
    """What is different for one rule. Its file stays as it is."""

    level: Level | None = None
    """The level of its alerts."""
    threshold: float | None = Field(default=None, ge=0)
    """The number that the condition compares with. For a baseline: the least volume, or the least speed in km/h."""
    timespan: PositiveDuration | None = None
    """The window of a correlation."""
    ratio: float | None = Field(default=None, gt=0)
    """For a baseline: how many times the usual amount."""
    deviation: float | None = Field(default=None, gt=0)
    """For a baseline: how many robust standard deviations above the usual amount."""
    highest: float | None = Field(default=None, gt=0)
    """For a baseline: how many times the highest amount so far."""
    distance: float | None = Field(default=None, gt=0)
    """For a baseline of travel: the least distance, in km."""
    minimum_history: Duration | None = None
    """For a baseline: how long something must have been known before it can raise an alert."""


class RuleSettings(StrictSettings):
    """Which Sigma rules run, and how."""

    folders: list[Path] = Field(default_factory=list)
    """Folders of your own Sigma rules."""
    shipped: bool = True
    """Whether the rules that come with Leakline run."""
    minimum_level: Level = "informational"
    """Rules of a lower level do not run."""
    statuses: list[Status] = Field(default_factory=lambda: list(STATUSES))
    """Rules of these Sigma statuses run. A rule without a status counts as experimental."""
    disabled: list[str] = Field(default_factory=list)
    """Ids or names of rules that do not run."""
    placeholders: dict[str, list[str] | ValuesFile] = Field(default_factory=dict)
    """Values for `%name%` in rules with the `expand` modifier, such as `ApprovedAppIds`: a list, or a file."""
    adjust: dict[str, RuleAdjustment] = Field(default_factory=dict)
    """Other levels, thresholds and spans of time for rules, by id or name."""
    fold: PositiveDuration = timedelta(hours=1)
    """Repeats of one rule and actor within this time are counted in one alert."""
    revise: PositiveDuration = timedelta(minutes=15)
    """An alert of a correlation that has grown is sent again after this time at the latest."""


class LogSettings(StrictSettings):
    """Leakline's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Messages of a lower level are not written."""
    format: Literal["json", "console"] = "json"
    """JSON lines, or text for a terminal."""


class MetricsSettings(StrictSettings):
    """Prometheus metrics, `/healthz` and `/readyz` over HTTP; off unless a port is given."""

    port: int | None = Field(default=None, ge=0, le=65535)
    """The port to listen at. 0 takes any free one."""
    address: HostName = "127.0.0.1"
    """The address of the interface to listen at."""


class Settings(StrictSettings):
    """The whole file."""

    orgs: list[Org] = Field(default_factory=list)
    """The Salesforce orgs that are watched. More of them may be in files of the folder orgs.d beside this file, one in
    each; with at least one there, this list may be left out."""
    destinations: list[DestinationSettings] = Field(min_length=1)
    """Where events and alerts are sent; each at its own pace."""
    state: StateSettings = StateSettings()
    """Where everything that must survive a restart is kept."""
    normalize: NormalizeSettings = NormalizeSettings()
    """How log rows become events."""
    enrich: EnrichSettings = EnrichSettings()
    """What events are enriched with."""
    rules: RuleSettings = RuleSettings()
    """Which Sigma rules run, and how."""
    log: LogSettings = LogSettings()
    """Leakline's own log."""
    metrics: MetricsSettings = MetricsSettings()
    """Prometheus metrics over HTTP."""
    inbound: InboundSettings | None = None
    """A listener to which integrations, middleware and Salesforce send; left out, it does not listen."""
    notice: NoticeSettings | None = None
    """Which laws and contracts ask for a notice; left out, incidents have no clocks."""
    trail: TrailSettings = TrailSettings()
    """The trail of what Leakline did."""
    drills: DrillSettings | None = None
    """Leaks that are planted on purpose, to see whether they are found and notified; left out, they run only by hand."""
    permissions: PermissionSettings | None = None
    """Who may do what. Left out, every user who can open the control socket may do everything, and changes of settings apply at the
    next start and are recorded as changes by one pair of eyes."""

    @model_validator(mode="after")
    def _nothing_clashes(self, info: ValidationInfo) -> Settings:
        has_folder = bool((info.context or {}).get(HAS_FOLDER))
        if not self.orgs and not has_folder:
            raise ValueError("orgs: is empty; write at least one entry, or a file with an org into the folder orgs.d")
        if found := clash(self.orgs, self, has_folder=has_folder):
            raise ValueError(found)
        named = {destination.name: destination for destination in self.destinations}
        if wrong := next(wrong_destinations(self.notice, named), None):
            raise ValueError(wrong)
        return self


HAS_FOLDER = "orgs.d"
"""In the context of a validation: orgs stand in files of a folder too."""


def clash(orgs: Sequence[Org], settings: Settings, *, has_folder: bool) -> str:
    """What of these orgs does not go together, or not with the rest of the settings; empty if all is well."""
    objects = [(org.name, source) for org in orgs for source in org.sources if isinstance(source, ObjectSettings)]
    senders = settings.inbound.senders if settings.inbound else []
    return conflict(orgs, settings.destinations, settings.state.directory, objects, senders, has_folder=has_folder)


def parse(document: Any, origin: str = "settings", *, has_folder: bool = False) -> Settings:
    """Check a settings document. `has_folder`: orgs stand in a folder too, so that it may name none. Raises SettingsError."""
    if not isinstance(document, dict):
        raise SettingsError(f"{origin} is empty or not a mapping", hint="begin with `orgs:` and `destinations:`")
    if has_folder and document.get("orgs", ()) is None:
        document = {**document, "orgs": []}
    try:
        settings = Settings.model_validate(document, context={HAS_FOLDER: has_folder})
    except ValidationError as error:
        raise SettingsError("\n".join(f"{origin}: {line}" for line in error_lines(error, Settings))) from error
    for path in unprintable(document):
        raise SettingsError(f"{origin}: {path}: contains a control character; write plain text on one line")
    return settings


def unprintable(value: Any, path: str = "") -> Iterator[str]:
    """Paths of texts that would break a path, a header or a terminal."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from unprintable(key, path or "settings")
            yield from unprintable(below, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from unprintable(entry, f"{path}[{number}]")
    elif isinstance(value, str) and _CONTROL.search(value):
        yield path


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
