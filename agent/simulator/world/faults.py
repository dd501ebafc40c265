"""What can go wrong on purpose, each switch on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agent.simulator.world.stream_faults import STREAM_SWITCHES, StreamFaults
from agent.simulator.world.switches import described, switched

Where = Literal["any", "token", "query", "describe", "limits", "log_file"]


@dataclass(frozen=True, slots=True)
class Faults:
    """All off by default. `Org.faults` is replaced as a whole; each answer looks at it once."""

    status: int = field(default=0, metadata={"help": "answer with this status: 420, 500, 502, 503, …"})
    html: bool = field(default=False, metadata={"help": "answer 200 with a web page"})
    cut_json: bool = field(
        default=False, metadata={"help": "break off in the middle of a JSON answer, under a length that says so"}
    )
    short_json: bool = field(default=False, metadata={"help": "answer 200 with half of the JSON text"})
    reset: bool = field(default=False, metadata={"help": "reset the connection in the middle of an answer"})
    half_close: bool = field(
        default=False, metadata={"help": "end the org's half of the connection in the middle of an answer, and read on"}
    )
    hang: bool = field(default=False, metadata={"help": "fall silent in the middle of an answer, connection open"})
    where: Where = field(
        default="any", metadata={"help": "which calls these seven hit: any, token, query, describe, limits, log_file"}
    )
    times: int = field(
        default=0, metadata={"help": "how many calls the faults of transport hit before they stop; 0: all"}
    )
    unauthorized_after: int = field(
        default=0, metadata={"help": "401 INVALID_SESSION_ID once a token has been used this often"}
    )
    token_seconds: int = field(
        default=0, metadata={"help": "401 INVALID_SESSION_ID once a token is this old (the org's clock)"}
    )
    limit_after: int = field(
        default=0, metadata={"help": "403 REQUEST_LIMIT_EXCEEDED once this many API calls were counted"}
    )
    cut_log_file_at: int = field(
        default=0,
        metadata={"help": "end log files after so many bytes as sent, connection closed (or reset, …), no last chunk"},
    )
    end_log_file_at: int = field(
        default=0, metadata={"help": "end log files after so many bytes as sent, as if they were complete"}
    )
    missing_log_file: int = field(default=0, metadata={"help": "404 or 410 for log files, though they are listed"})
    only_file: str = field(default="", metadata={"help": "the three above hit only this event type or record id"})
    drip_seconds: float = field(default=0.0, metadata={"help": "wait so long after each chunk of a log file"})
    drip_bytes: int = field(default=0, metadata={"help": "and make the chunks so small"})
    stale_locator: bool = field(
        default=False, metadata={"help": "400 INVALID_QUERY_LOCATOR for the second page of a query"}
    )
    token_error: str = field(
        default="", metadata={"help": "refuse tokens with this OAuth error, such as invalid_grant or inactive_user"}
    )
    login_host: bool = field(default=False, metadata={"help": "behave as login.salesforce.com: no client credentials"})
    missing_permission: Literal["", "invalid_type", "empty"] = field(
        default="", metadata={"help": "no 'View Event Log Files': the object is invalid_type, or its queries are empty"}
    )
    hidden_fields: str = field(
        default="",
        metadata={
            "help": "fields and objects that this user may not see, such as User.Email,User.Profile.Name,OauthToken; "
            "UserPermissionAccess.PermissionsManageUsers: a permission that the user lacks"
        },
    )
    hidden_after_seconds: int = field(
        default=0, metadata={"help": "hide them only so long after the start (the org's clock): a permission lost"}
    )
    empty_objects: str = field(
        default="",
        metadata={"help": "objects whose queries find no rows for this user, such as LoginHistory,AuthSession"},
    )
    rotate_refresh_token: bool = field(
        default=False, metadata={"help": "give a new refresh token with each sign-in by one, and void the old one"}
    )
    api_disabled: bool = field(default=False, metadata={"help": "403 API_DISABLED_FOR_ORG"})
    no_hourly: bool = field(default=False, metadata={"help": "no Interval and Sequence columns, daily files only"})
    free_only: bool = field(
        default=False, metadata={"help": "no Event Monitoring licence: free event types, daily, kept for a day"}
    )
    no_stream: str = field(
        default="",
        metadata={"help": "real-time events whose streaming is off, such as LoginEvent,ReportEventStream; or all"},
    )
    no_storage: str = field(
        default="", metadata={"help": "real-time events whose storage is off, named likewise; or all"}
    )
    no_event_log_objects: str = field(
        default="", metadata={"help": "event log objects that the org lacks, such as LoginEventLog; or all"}
    )
    locator_seconds: int = field(
        default=0, metadata={"help": "400 INVALID_QUERY_LOCATOR for pages so long after their query (the org's clock)"}
    )
    late_rows_seconds: int = field(
        default=0, metadata={"help": "every third row or record shows up so long after its time"}
    )
    late_rows_of: str = field(
        default="", metadata={"help": "only of these objects, such as SetupAuditTrail,LoginHistory"}
    )
    visible_late_seconds: int = field(
        default=0, metadata={"help": "every second file shows up so long after its CreatedDate"}
    )

    date_ahead_seconds: int = field(
        default=0, metadata={"help": "the Date header of answers is so far ahead of the org's clock (negative: behind)"}
    )

    def hits(self, kind: str) -> bool:
        """Whether the faults of transport concern this kind of call."""
        return self.where in ("any", kind)

    def changed(self, values: dict[str, Any]) -> Faults:
        """With these switches set. Raises ValueError naming a switch or value that is wrong."""
        return replace(self, **switched(self, values))


def parse_faults(texts: Iterable[str]) -> tuple[Faults, StreamFaults]:
    """From `name=value` texts; a switch that is on or off may stand alone. Raises ValueError."""
    values = {}
    for text in texts:
        name, given, value = text.partition("=")
        values[name] = value if given else "true"
    return changed_faults(Faults(), StreamFaults(), values)


def changed_faults(faults: Faults, streams: StreamFaults, values: dict[str, Any]) -> tuple[Faults, StreamFaults]:
    """Both with these switches set, whichever each belongs to. Raises ValueError, and then nothing is changed."""
    of_streams = {name: values[name] for name in values.keys() & STREAM_SWITCHES}
    rest = {name: value for name, value in values.items() if name not in of_streams}
    return faults.changed(rest), streams.changed(of_streams)


def describe_faults() -> str:
    """A line for each switch."""
    return f"{described(Faults())}\n{described(StreamFaults())}"
