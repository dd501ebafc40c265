"""What can go wrong on purpose, each switch on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Literal

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
    where: Where = field(
        default="any", metadata={"help": "which calls these four hit: any, token, query, describe, limits, log_file"}
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
        default=0, metadata={"help": "end log files after so many bytes as sent, connection closed, no last chunk"}
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
        default="", metadata={"help": "fields that this user may not see, such as User.Email,User.Profile.Name"}
    )
    rotate_refresh_token: bool = field(
        default=False, metadata={"help": "give a new refresh token with each sign-in by one, and void the old one"}
    )
    api_disabled: bool = field(default=False, metadata={"help": "403 API_DISABLED_FOR_ORG"})
    no_hourly: bool = field(default=False, metadata={"help": "no Interval and Sequence columns, daily files only"})
    free_only: bool = field(
        default=False, metadata={"help": "no Event Monitoring licence: free event types, daily, kept for a day"}
    )
    visible_late_seconds: int = field(
        default=0, metadata={"help": "every second file shows up so long after its CreatedDate"}
    )

    def hits(self, kind: str) -> bool:
        """Whether the faults of transport concern this kind of call."""
        return self.where in ("any", kind)

    def changed(self, values: dict[str, Any]) -> Faults:
        """With these switches set. Raises ValueError naming a switch or value that is wrong."""
        known = {f.name: f for f in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no fault {name!r}; there are {', '.join(known)}")
            values[name] = _checked(known[name], value)
        return replace(self, **values)


def parse_faults(texts: Iterable[str]) -> Faults:
    """From `name=value` texts; a switch that is on or off may stand alone. Raises ValueError."""
    values = {}
    for text in texts:
        name, given, value = text.partition("=")
        values[name] = value if given else "true"
    return Faults().changed(values)


def describe_faults() -> str:
    """A line for each switch."""
    return "\n".join(f"{f.name:22} {f.metadata['help']}" for f in fields(Faults))


def _checked(switch: Field[Any], value: Any) -> Any:
    wanted: type = type(switch.default)
    try:
        if wanted is bool:
            return _truth(value)
        if wanted is str or not isinstance(value, bool):
            return wanted(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{switch.name} takes a {wanted.__name__}, not {value!r}")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "1", "yes", "on"):
        return True
    if str(value).lower() in ("false", "0", "no", "off"):
        return False
    raise ValueError(value)
