"""What a sender can report, field by field: `docs/inbound_reports.md` says the same to senders.

The models are also the JSON schema of the listener's description, so they take what the schema says and nothing besides: a
number in quotes is refused, and its sender told. Fields that are not here are kept too, together (`extra`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

MOST_REPORTS = 1_000
"""Of one request."""

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:(?P<second>[0-9]{2})(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_EXAMPLE = "2026-07-01T10:00:00Z"


def read_time(value: Any) -> datetime:
    """A time of RFC 3339, in UTC. Raises PydanticCustomError: what is not one is never taken for the time of its receipt."""
    found = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("not_a_time", "is not a time with its zone; write {example}", {"example": _EXAMPLE})
    text = value.upper()
    if found["second"] == "60":  # a leap second, of which datetime knows nothing: it belongs to the second before
        text = text[:17] + "59" + text[19:]
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "not_a_time", "is a time that does not exist; write {example}", {"example": _EXAMPLE}
        ) from None


Time = Annotated[
    datetime,
    PlainValidator(read_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_EXAMPLE]}),
]
ShortName = Annotated[str, Field(min_length=1, max_length=256)]
"""What reports are grouped by. A longer one is refused: cut, two names might become one."""


def read_whole(value: Any) -> Any:
    """A number without a fraction is a whole number in JSON, however it is written: `486.0`, `4.86e2`."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


WHOLE = BeforeValidator(read_whole)
Count = Annotated[int, Field(ge=0, le=2**53), WHOLE]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
Body = str | dict[str, Any] | list[Any]


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", frozen=True, use_attribute_docstrings=True)


class ReportFields(_Fields):
    """What every report says."""

    time: Time
    """When it happened, not when it is sent: RFC 3339 with its zone. Never guessed: a report without it is refused."""
    id: ShortName | None = None
    """Your own name for it, the same whenever you send it again; what comes twice counts once."""
    integration: ShortName | None = None
    """Which integration it is about, as people call it; left out, the sender's name stands for it."""
    job: ShortName | None = None
    """The job, flow, recipe, pipeline or mapping within the integration."""
    run: ShortName | None = None
    """The run or execution of the job, by your own name."""
    environment: ShortName | None = None
    """Such as `production`."""
    host: ShortName | None = None
    """The worker, runtime or gateway node it happened on."""
    version: ShortName | None = None
    """Of the integration."""
    message: str | None = None
    """What happened, in a sentence."""


class ExchangeFields(ReportFields):
    """A request and its answer, where there was one."""

    user: ShortName | None = None
    """Under whose name it was done, as its login name."""
    user_id: ShortName | None = None
    """The same as a Salesforce id (`005…`)."""
    object: ShortName | None = None
    """The Salesforce object: `Account`."""
    operation: ShortName | None = None
    """Such as `insert`, `update`, `upsert`, `delete`, `query`."""
    record_ids: list[ShortName] | None = Field(default=None, max_length=10_000)
    """Ids of the records it is about; the first 100 are kept, all are counted."""
    records: Count | None = None
    """How many records were read or written."""
    records_failed: Count | None = None
    """How many were refused."""
    attempt: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    """Which attempt this was, the first is 1."""
    max_attempts: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    """After how many attempts you give up."""
    gave_up: bool | None = None
    """Whether there will be no further attempt."""
    error_code: ShortName | Annotated[int, Field(ge=-(2**53), le=2**53), WHOLE] | None = None
    """Such as `UNABLE_TO_LOCK_ROW`."""
    error_message: str | None = None
    """What the other side said."""
    method: Annotated[str, Field(pattern=r"^[A-Za-z]{1,20}$")] | None = None
    """Of HTTP."""
    url: str | None = None
    """What was called. Passwords and tokens in it are always taken out."""
    status: Annotated[int, Field(ge=100, le=999), WHOLE] | None = None
    """Of the HTTP answer; left out where none came."""
    duration_ms: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    """From the request to the end of the answer, in milliseconds."""
    request_bytes: Count | None = None
    """Size of the request's body."""
    request_sha256: Sha256 | None = None
    """Its SHA-256, in hexadecimal."""
    request_body: Body | None = None
    """The body. Kept only where the setting `bodies` of the sender says so; else its size and hash are."""
    response_bytes: Count | None = None
    """Size of the answer's body."""
    response_sha256: Sha256 | None = None
    """Its SHA-256, in hexadecimal."""
    response_body: Body | None = None
    """As `request_body`."""
    source_ip: ShortName | None = None
    """The address that the request came from, as the reporter sees it."""
    destination: ShortName | None = None
    """Host or address that was called."""
    user_agent: str | None = None
    """The client's name for itself."""
    traceparent: str | None = None
    """The header of W3C Trace Context, whole."""
    trace_id: ShortName | None = None
    """The trace it belongs to, where there is no `traceparent`."""
    request_id: ShortName | None = None
    """The request's own id, such as of a gateway, or Salesforce's `Sforce-Request-Id`."""


class SyncFailure(ExchangeFields):
    """A synchronisation failed, wholly or for some records. Send it at the first failure; retries are told by `attempt`."""

    type: Literal["sync_failure"]


class ApiCall(ExchangeFields):
    """A call that an integration made, or that a gateway passed on."""

    type: Literal["api_call"]


class Heartbeat(ReportFields):
    """The sender is alive, whether or not anything happened."""

    type: Literal["heartbeat"]


Report = SyncFailure | ApiCall | Heartbeat

MODELS: dict[str, type[SyncFailure | ApiCall | Heartbeat]] = {
    "sync_failure": SyncFailure,
    "api_call": ApiCall,
    "heartbeat": Heartbeat,
}
"""By `type`."""

_One = Annotated[Report, Field(discriminator="type")]

REPORT: TypeAdapter[Any] = TypeAdapter(
    _One | Annotated[list[_One], Field(min_length=1, max_length=MOST_REPORTS)],
)
"""The document: for the description of the listener. What reads it is `report_document.read_reports`."""
