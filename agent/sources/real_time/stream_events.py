"""What the stream source reports of itself, as events of Leakline's own.

Actions: `stream-failed`, `stream-recovered` and `stream-withdrawn` (one channel), `stream-missing` and `stream-found` (an event that the settings
name), `stream-gap` (lost as far as the stream is concerned), `replay-id-refused` (what was read may come again),
`event-without-mapping`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from agent.model import Batch
from agent.own_event import own_event
from agent.sources.real_time.coverage import StreamGap
from agent.sources.real_time.wire.failure import StreamFailure

Fields = Mapping[str, str | int | float | bool]


def _at(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


class StreamReporter:
    """Makes the events of one source."""

    def __init__(self, source: str, org: str) -> None:
        """`org`: the organisation's id."""
        self._source = source
        self._org = org

    def failed(self, channel: str, failure: StreamFailure, now: datetime) -> Batch:
        hint = f": {failure.hint}" if failure.hint else ""
        message = f"{self._source} does not receive {channel}: {failure}{hint}"
        fields = {"error.code": failure.suffix or failure.status}
        return self._event("stream-failed", message, now, channel, fields, failure=True)

    def recovered(self, channel: str, now: datetime) -> Batch:
        return self._event("stream-recovered", f"{self._source} receives {channel} again", now, channel, {})

    def withdrawn(self, channel: str, now: datetime) -> Batch:
        message = f"the org does not stream {channel} any more, for a day now: {self._source} does not wait for it"
        return self._event("stream-withdrawn", message, now, channel, {})

    def missing(self, event: str, why: str, now: datetime) -> Batch:
        message = f"{self._source} cannot stream {event}, which the settings name: {why}"
        return self._event("stream-missing", message, now, event, {}, failure=True)

    def found(self, event: str, now: datetime) -> Batch:
        return self._event("stream-found", f"the org streams {event} now", now, event, {})

    def gap(self, channel: str, gap: StreamGap, now: datetime) -> Batch:
        """Rules can alert on it: `leakline.gap_hours` is how much is missing."""
        message = (
            f"{self._source} did not receive {channel} from {_at(gap.begin)} to {_at(gap.end)}: Salesforce keeps streamed "
            "events for 72 hours"
        )
        hours = max(1, round((gap.end - gap.begin) / 3_600_000))
        event = self._event("stream-gap", message, now, channel, {"leakline.gap_hours": hours}, failure=True)
        return replace(event, input=f"{event.input} {_at(gap.begin)}", remember={gap.key: gap.value})

    def replay_id_refused(self, channel: str, failure: StreamFailure, now: datetime) -> Batch:
        message = (
            f"the org does not accept the stored replay id of {channel} ({failure}): the stream begins with the earliest event "
            "that is kept, and events that come again are left out"
        )
        return self._event("replay-id-refused", message, now, channel, {"error.code": failure.suffix or failure.status})

    def without_mapping(self, channel: str, now: datetime) -> Batch:
        message = f"{channel} does not have a mapping: its fields are forwarded under Salesforce's own names"
        return self._event("event-without-mapping", message, now, channel, {})

    def subject(self, channel: str) -> str:
        """What a problem of a channel, or of an event, is called."""
        return f"{self._source} {channel}"

    def _event(
        self, action: str, message: str, now: datetime, channel: str, extra: Fields, *, failure: bool = False
    ) -> Batch:
        fields = {"event.provider": self._source, "leakline.channel": channel, **extra}
        event = own_event(self._org, action, message, now, failure=failure, fields=fields)
        return replace(event, input=self.subject(channel))
