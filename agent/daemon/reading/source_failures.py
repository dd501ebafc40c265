"""What the other side of a source refuses: told, and how long the source rests then."""

from __future__ import annotations

from datetime import timedelta

import structlog

from agent import metrics
from agent.errors import Forbidden, HeldBack, LimitExceeded, SourceError, TransportError, Unauthorized
from agent.store.problems import Problems

log = structlog.get_logger()

KIND = "source-failed"
ORG_PAUSE = timedelta(minutes=15)
"""How long an org rests after REQUEST_LIMIT_EXCEEDED; Salesforce names no time, its allowance is a rolling day."""
CREDENTIALS_PAUSE = timedelta(minutes=5)
"""How long a source rests after refused credentials or a missing permission: a human has to act first."""


def report(problems: Problems, source: str, org: str, error: SourceError) -> timedelta | None:
    """Count it and open its problem; returns how long the source rests, None where it rests no longer than ever.

    `org`: the organisation's id, empty while it is not known.
    """
    metrics.POLLS_FAILED.labels(source, type(error).__name__).inc()
    log.warning("poll failed", source=source, error=type(error).__name__, reason=str(error))
    fields = {"event.provider": source, "error.type": type(error).__name__, "error.message": str(error)}
    problems.report(KIND, source, f"{source} could not be read: {error}", org=org, fields=fields)
    if isinstance(error, LimitExceeded):
        return ORG_PAUSE
    return CREDENTIALS_PAUSE if isinstance(error, Unauthorized | Forbidden) else None


def concerns_org(error: SourceError) -> bool:
    """Whether all sources of the org are to rest; not where others may ask and this caller alone comes after them."""
    return isinstance(error, LimitExceeded) and not isinstance(error, HeldBack)


def end(problems: Problems, source: str) -> None:
    """It could be read."""
    problems.over(KIND, source, f"{source} can be read again")


def as_source_error(error: Exception) -> SourceError | None:
    """What says that the other side, or the machine, could not do it now; None for a fault of ours."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return TransportError("no thread could be started", hint="raise the service's TasksMax")
    return None
