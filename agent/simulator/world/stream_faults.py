"""What can go wrong with the Pub/Sub API on purpose, each switch on its own."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from agent.simulator.world.stream_errors import stream_errors
from agent.simulator.world.switches import switched


def _switch(default: Any, text: str, among: tuple[str, ...] = ()) -> Any:
    metadata: dict[str, Any] = {"help": text} | ({"among": among} if among else {})
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class StreamFaults:
    """All off by default. Their names begin with `stream_`, so that they are set where `Faults` are."""

    stream_channel: str = _switch("", "the faults of streams hit only this channel, such as LoginEventStream")
    stream_times: int = _switch(0, "how often the faults of streams hit before they stop; 0: always")
    stream_error: str = _switch(
        "", "refuse with this error code of the Pub/Sub API, such as topic.not.found or service.unavailable"
    )
    stream_error_at: str = _switch(
        "any", "which calls that hits: any, stream, topic, schema", ("any", "stream", "topic", "schema")
    )
    stream_error_after: int = _switch(0, "and streams only once they have sent so many events; running ones, too")
    stream_cut_after: int = _switch(0, "break streams off with UNAVAILABLE and no error code after so many events")
    stream_end_after: int = _switch(0, "end streams with OK after so many events")
    stream_silent: bool = _switch(False, "accept subscriptions and send nothing, not even keep-alives")
    stream_corrupted: str = _switch(
        "", "refuse replay ids as corrupted: once for each channel, or always", ("", "once", "always")
    )
    stream_repeat: int = _switch(0, "send so many events again to those who come back with a replay id")
    stream_shuffle: bool = _switch(False, "send the events of a response in the wrong order")
    stream_schema: str = _switch(
        "", "a new schema from now on, with a field added or with one removed", ("", "added", "removed")
    )
    stream_unknown_schema: bool = _switch(False, "give events the id of a schema that GetSchema refuses")
    stream_broken: bool = _switch(False, "give events a payload that does not fit their schema")
    stream_huge: int = _switch(0, "make events so many bytes large; Salesforce allows 1048576")
    stream_every: int = _switch(1, "the three above hit each so many-th event")
    stream_drip_seconds: float = _switch(0.0, "one event in a response, and wait so long after each")

    def changed(self, values: dict[str, Any]) -> StreamFaults:
        """With these switches set. Raises ValueError naming a switch or value that is wrong."""
        faults = replace(self, **switched(self, values))
        if faults.stream_error and faults.stream_error not in stream_errors():
            known = ", ".join(stream_errors())
            raise ValueError(f"stream_error takes an error code, not {faults.stream_error!r}; there are {known}")
        return faults

    def concerns(self, channel: str) -> bool:
        """Whether a channel, named without `/event/`, is hit."""
        return self.stream_channel.removeprefix("/event/") in ("", channel)


STREAM_SWITCHES = frozenset(field.name for field in fields(StreamFaults))
