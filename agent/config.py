"""The settings file: YAML to typed settings. Each room declares its own; here is the union.

Every error names the key path (`destinations[0].token`) and what to write instead; the command then exits with 78.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.destinations.elastic import ElasticSettings
from agent.destinations.file import FileSettings
from agent.destinations.splunk import SplunkSettings
from agent.destinations.syslog import SyslogSettings
from agent.detection.rule import STATUSES, Level, Status
from agent.detection.yaml_keys import repeated
from agent.duration import Duration
from agent.errors import SettingsError
from agent.normalize.enrich import EnrichSettings
from agent.redaction import without_credentials
from agent.secret import PLAIN
from agent.sources.event_log_file import EventLogFileSettings
from agent.sources.salesforce import OrgSettings

SourceSettings = EventLogFileSettings
DestinationSettings = Annotated[
    FileSettings | SplunkSettings | ElasticSettings | SyslogSettings, Field(discriminator="type")
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StateSettings(Strict):
    """Where everything that must survive a restart is kept."""

    directory: Path = Path("/var/lib/leakline")
    spool_limit_mb: int = Field(default=20_000, ge=64)
    """Batch files waiting for a destination may take this much; above it reading pauses."""
    control_socket: Path | None = None
    """Where commands find the daemon; unless set, under /run/leakline for the default state directory (which nobody
    but the service may enter), else in the state directory."""

    def socket(self) -> Path:
        default = Path("/run/leakline") if self.directory == Path("/var/lib/leakline") else self.directory
        return self.control_socket or default / "control.sock"


class Org(OrgSettings):
    """One Salesforce org and what is read from it."""

    sources: list[SourceSettings] = Field(default_factory=lambda: [EventLogFileSettings()])


class NormalizeSettings(Strict):
    mappings: list[Path] = Field(default_factory=list)
    """Folders of further mappings; one for an event type that is shipped replaces the shipped one."""
    keep_original: bool = False
    """Also ship each raw row as `event.original` (about doubles the volume)."""


class ValuesFile(Strict):
    """A text file of values: one a line; a line that begins with `#` is a comment."""

    file: Path


class RuleAdjustment(Strict):
    """What of one rule is to be different."""

    level: Level | None = None
    threshold: float | None = Field(default=None, ge=0)
    """The number that the condition compares with; of a baseline the least volume, or the least speed in km/h."""
    timespan: Duration | None = Field(default=None, gt=timedelta())
    """The window of a correlation."""
    ratio: float | None = Field(default=None, gt=0)
    """Of a baseline: how many times the usual."""
    deviation: float | None = Field(default=None, gt=0)
    """Of a baseline: how many robust deviations above the usual."""
    highest: float | None = Field(default=None, gt=0)
    """Of a baseline: how many times the highest there was."""
    distance: float | None = Field(default=None, gt=0)
    """Of a baseline of travel: the least distance in km."""
    minimum_history: Duration | None = None
    """Of a baseline: how long something must have been known before anything is said of it."""


class RuleSettings(Strict):
    folders: list[Path] = Field(default_factory=list)
    """Folders of further Sigma rules."""
    shipped: bool = True
    """Whether the rules that come with Leakline run."""
    minimum_level: Level = "informational"
    statuses: list[Status] = Field(default_factory=lambda: list(STATUSES))
    """Sigma statuses that run; a rule that states none is experimental."""
    disabled: list[str] = Field(default_factory=list)
    """Ids or names of rules that do not run."""
    placeholders: dict[str, list[str] | ValuesFile] = Field(default_factory=dict)
    """Values for `%name%` in rules with the `expand` modifier, such as `ApprovedAppIds`, here or in a file."""
    adjust: dict[str, RuleAdjustment] = Field(default_factory=dict)
    """Other levels, thresholds and spans for rules, by id or name, without touching their files."""
    fold: Duration = timedelta(hours=1)
    """Repeats of one rule and actor within this time are counted in one alert."""
    revise: Duration = timedelta(minutes=15)
    """A change of a correlation's alert is told at the latest after this time."""


class LogSettings(Strict):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class MetricsSettings(Strict):
    """Prometheus metrics, `/healthz` and `/readyz` over HTTP; off unless a port is given."""

    port: int | None = Field(default=None, ge=0, le=65535)
    address: str = "127.0.0.1"


class Settings(Strict):
    """The whole file."""

    orgs: list[Org] = Field(min_length=1)
    destinations: list[DestinationSettings] = Field(min_length=1)
    state: StateSettings = StateSettings()
    normalize: NormalizeSettings = NormalizeSettings()
    enrich: EnrichSettings = EnrichSettings()
    rules: RuleSettings = RuleSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Settings:
        for what, names in (
            ("orgs", [org.name for org in self.orgs]),
            ("destinations", [destination.name for destination in self.destinations]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what}: the name {twice[0]!r} is used twice; give each its own `name`")
        return self


def load(path: Path) -> Settings:
    """Read a settings file. Raises SettingsError with one line for each thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})", hint="name it with -c") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} is no text in UTF-8 ({error.reason})", hint="save it as plain text in UTF-8"
        ) from error
    try:
        twice = next(repeated(yaml.compose(text, yaml.CSafeLoader)), None)
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-02-30
        raise SettingsError(f"{path} is not YAML: {_not_yaml(error)}") from error
    if twice:
        line = twice.start_mark.line + 1
        hint = "put what they hold under one of them: the first would not be heard"
        raise SettingsError(f"{path}:{line}: `{twice.value}` stands here for the second time", hint=hint)
    return parse(document, str(path))


def parse(document: Any, origin: str = "settings") -> Settings:
    """Check a settings document. Raises SettingsError."""
    if not isinstance(document, dict):
        raise SettingsError(f"{origin} is empty or not a mapping", hint="begin with `orgs:` and `destinations:`")
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{origin}: {_explain(one)}" for one in error.errors())) from error


def _explain(error: Any) -> str:
    """One pydantic error as `key.path: what is wrong and what to write`."""
    path, before = "", None
    for part in error["loc"]:
        # pydantic puts the tag of a union's member into the path; a settings file has no such key.
        tag = part in _UNION_TAGS and (isinstance(before, int) or before == "auth")
        before = part
        if isinstance(part, int):
            path += f"[{part}]"
        elif not tag:
            path += f".{part}" if path else str(part)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{path}: there is no such setting; check the spelling against the example file"
    if kind == "missing":
        return f"{path}: this setting is required"
    if kind == "union_tag_not_found":
        return f"{path}: say which `type` it is: file, splunk, elastic or syslog"
    if kind == "union_tag_invalid":
        return f"{path}.type: {context.get('tag')!r} is not one of {context.get('expected_tags')}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path or 'settings'}: {message}{_shown(kind, path, error.get('input'))}"


def _shown(kind: str, path: str, value: Any) -> str:
    """What the setting says, unless that may be a secret: one in a secret's place, or a text in place of a mapping."""
    if isinstance(value, dict | list) or kind in (PLAIN, "model_type", "model_attributes_type", "dict_type"):
        return ""
    if any(word in path.lower() for word in ("secret", "token", "password", "key", "bearer")):
        return ""
    return f" (it says {(without_credentials(value) if isinstance(value, str) else value)!r})"


def _not_yaml(error: Exception) -> str:
    """What is wrong and where, without the words it is about: a line of a settings file may hold a password."""
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return re.sub(r"(['\"]).{2,}\1", "…", what) + where


_UNION_TAGS = {"file", "splunk", "elastic", "syslog", "jwt_bearer", "client_credentials", "refresh_token"}
