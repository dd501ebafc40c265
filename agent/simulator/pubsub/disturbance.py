"""The faults of streams as they strike: how often, whom, and what becomes of events."""

from __future__ import annotations

from collections.abc import Callable

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.simulator.pubsub.channel_schema import ChannelSchema
from agent.simulator.pubsub.event_bus import PublishedEvent
from agent.simulator.pubsub.refusal import Refusal
from agent.simulator.pubsub.replay_id import replay_id
from agent.simulator.world.stream_faults import StreamFaults

UNKNOWN_SCHEMA = "unknownSchemaOfThisOrg"
"""A schema id that GetSchema refuses; as long as the others."""
_NONE = StreamFaults()


class Disturbance:
    """Counts what the faults hit, and begins anew when they are changed. For one thread."""

    def __init__(self, faults: Callable[[], StreamFaults]) -> None:
        self._faults = faults
        self._known = faults()
        self._begin()

    def _begin(self) -> None:
        self._struck = 0
        self._sent = 0
        self._corrupted: set[str] = set()

    def has_changed(self) -> bool:
        """Whether the faults are others than at the last look."""
        faults = self._faults()
        if faults is self._known:
            return False
        self._known = faults
        self._begin()
        return True

    def faults(self, channel: str) -> StreamFaults:
        """Those that hit a channel now."""
        self.has_changed()
        faults = self._known
        spent = faults.stream_times and self._struck >= faults.stream_times
        return _NONE if spent or not faults.concerns(channel) else faults

    def strike(self) -> None:
        """A fault took effect."""
        self._struck += 1

    def check(self, at: str, channel: str) -> None:
        """Raises Refusal for a call of this kind (`topic` or `schema`) if it is to fail."""
        faults = self.faults(channel)
        if faults.stream_error and faults.stream_error_at in ("any", at):
            self.strike()
            raise Refusal(faults.stream_error)

    def corrupts(self, channel: str) -> bool:
        """Whether a replay id is refused."""
        kind = self.faults(channel).stream_corrupted
        if not kind or (kind == "once" and channel in self._corrupted):
            return False
        self._corrupted.add(channel)
        self.strike()
        return True

    def consumer_event(self, schema: ChannelSchema, event: PublishedEvent) -> messages.ConsumerEvent:
        """What is sent of an event."""
        faults = self.faults(schema.channel)
        payload, schema_id = event.payload, schema.id
        if faults.stream_schema:
            schema, payload = _rewritten(schema, payload, faults)
            schema_id = schema.id
        if faults.stream_unknown_schema or faults.stream_broken or faults.stream_huge:
            self._sent += 1
            if self._sent % faults.stream_every == 0:
                self.strike()
                payload, schema_id = _spoilt(schema, payload, faults)
        produced = messages.ProducerEvent(id=event.id, schema_id=schema_id, payload=payload)
        return messages.ConsumerEvent(event=produced, replay_id=replay_id(schema.channel, event.position))


def _rewritten(schema: ChannelSchema, payload: bytes, faults: StreamFaults) -> tuple[ChannelSchema, bytes]:
    """By the changed form of its schema."""
    values = schema.decoded(payload)
    if faults.stream_schema == "added":
        form = schema.with_a_further_field
        return form, form.encoded({**values, (form.fields.keys() - schema.fields.keys()).pop(): "elevated"})
    form = schema.with_a_field_less
    return form, form.encoded({name: value for name, value in values.items() if name in form.fields})


def _spoilt(schema: ChannelSchema, payload: bytes, faults: StreamFaults) -> tuple[bytes, str]:
    """Payload and schema id of an event that is hit."""
    if faults.stream_huge:
        texts = [name for name, kind in schema.fields.items() if kind == "text"]
        name = "UserAgent" if "UserAgent" in texts else texts[-1]
        payload = schema.encoded({**schema.decoded(payload), name: "x" * max(0, faults.stream_huge - len(payload))})
    if faults.stream_broken:
        # Half a record ends inside a field, or before one: each has a byte at least.
        payload = payload[: len(payload) // 2]
    return payload, UNKNOWN_SCHEMA if faults.stream_unknown_schema else schema.id
