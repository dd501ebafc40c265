"""The settings of the sources that read objects of the org."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from agent.duration import Duration, PositiveDuration, at_most
from agent.sources.objects.catalogue import secrets
from agent.sources.salesforce.budget.caller import Priority

DAY = timedelta(days=1)
BIG = "__b"
"""How big objects of an org's own end."""
ObjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
OwnField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
FieldName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}$")
]
Every = Annotated[PositiveDuration, at_most(DAY)]


class ObjectSourceSettings(BaseModel):
    """What the settings of these sources have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    start: Annotated[Duration, at_most(timedelta(days=180))] = timedelta(hours=24)
    """How old the oldest row may be at the very first start."""
    priority: Priority = "normal"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""


class SetupAuditTrailSettings(ObjectSourceSettings):
    """The setup audit trail."""

    type: Literal["setup_audit_trail"]
    """What administrators change in Setup: the rows of SetupAuditTrail."""
    priority: Priority = "high"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""
    every: Every = timedelta(minutes=1)
    """The time between two polls, each of which asks the org once, and more often only where there is much to read."""


class LoginHistorySettings(ObjectSourceSettings):
    """The login history."""

    type: Literal["login_history"]
    """Logins, also those that failed: the rows of LoginHistory. They come within minutes and need no licence."""
    priority: Priority = "high"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""
    every: Every = timedelta(minutes=2)
    """The time between two polls, each of which asks the org once, and more often only where there is much to read."""


class EventLogObjectSettings(ObjectSourceSettings):
    """The event log objects."""

    type: Literal["event_log_object"]
    """The `…EventLog` objects: what log files tell, sooner and by query. They need Event Monitoring."""
    priority: Priority = "low"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""
    objects: Literal["all"] | Annotated[list[ObjectName], Field(min_length=1)] = "all"
    """Which are read: `all` that the org has, or a list such as `[LoginEventLog, ReportEventLog]`."""
    every: Every = timedelta(minutes=5)
    """The time between two polls. Each asks the org once for each object, at most 12 times where there is much to read.
    Where the org's allowance of API calls is small, objects take turns: all together they cost a quarter of what
    `api_budget` leaves, and those that had rows in the last hour are asked most often."""


class ProvisioningSettings(ObjectSourceSettings):
    """Provisioning and grants."""

    type: Literal["provisioning"]
    """User provisioning requests and their logs; who was granted a permission set or an app's token, and policies of
    transaction security, by the difference between two looks."""
    every: Every = timedelta(minutes=5)
    """The time between two polls for requests and their logs."""
    snapshot_every: Every = timedelta(hours=1)
    """The time between two looks at all grants, tokens and policies: what came and went between them is not seen."""


class SessionsSettings(ObjectSourceSettings):
    """Sessions and identity verifications."""

    type: Literal["sessions"]
    """Sessions by the difference between two looks, and the history of identity verifications."""
    every: Every = timedelta(minutes=10)
    """The time between two polls and two looks."""


class ObjectSettings(ObjectSourceSettings):
    """Any object."""

    type: Literal["object"]
    """The rows of any object that has a time: your own `My_Object__c`. An org may have several such sources."""
    object: ObjectName
    """The object's name in the API, such as `My_Object__c`."""
    time_field: OwnField = "SystemModstamp"
    """The date-time field by which rows are read: what it moves is read again and is another event; a row where it is empty is
    not read. An indexed one (SystemModstamp, CreatedDate, LastModifiedDate) is quick."""
    fields: Annotated[list[FieldName], Field(min_length=1, max_length=200)]
    """What is read of each row, beside its id and its time. Related fields have a dot: `Owner.Name`."""
    every: Every = timedelta(minutes=5)
    """The time between two polls, each of which asks the org once, and more often only where there is much to read."""

    @field_validator("object")
    @classmethod
    def _is_no_big_object(cls, name: str) -> str:
        """A big object is filtered and sorted by its index alone, from its first field on (Big Objects Implementation Guide);
        a describe does not tell which fields these are, so a query by time may be refused, and its pages cannot be told.
        """
        if name.lower().endswith(BIG):
            raise ValueError(
                f"{name} is a big object, which cannot be read by time; have the org copy its records to a custom object (`__c`)"
            )
        return name

    @model_validator(mode="after")
    def _no_secret_is_named(self) -> ObjectSettings:
        named = [self.time_field, *self.fields]
        if secret := next((name for name in named if name.rpartition(".")[2].lower() in secrets()), None):
            raise ValueError(f"{self.object}.{secret} is a secret and is never read; leave it out")
        return self


AnyObjectSettings = (
    SetupAuditTrailSettings
    | LoginHistorySettings
    | EventLogObjectSettings
    | ProvisioningSettings
    | SessionsSettings
    | ObjectSettings
)
