from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from agent.simulator.pubsub.channel_schema import ChannelSchema, channel_schemas, schemas_by_id
from agent.simulator.pubsub.event_bus import RETENTION, EventBus

NOON = 1_795_694_400_000
HOUR = 3_600_000


class OrgClock:
    """Milliseconds since 1970, moved on by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> OrgClock:
    return OrgClock()


def _published(bus: EventBus, count: int, channel: str = "LoginEventStream", start: int = NOON) -> list[bytes]:
    return [
        bus.publish(channel, start + number, {"EventIdentifier": f"event {number}", "UserId": "005000000000001"})
        for number in range(count)
    ]


def test_replay_ids_increase_with_holes(clock: OrgClock) -> None:
    """Ten bytes each, in order, at uneven distances even within a millisecond."""
    bus = EventBus(clock)
    ids = [bus.publish("LoginEventStream", NOON, {}) for _ in range(50)]
    assert ids == sorted(ids)
    assert {len(replay) for replay in ids} == {10}
    numbers = [int.from_bytes(replay[:8]) for replay in ids]
    assert len({after - before for before, after in itertools.pairwise(numbers)}) > 10


def test_an_org_made_again_gives_the_same_replay_ids(clock: OrgClock) -> None:
    """What a client remembers of a run is good for the next."""
    assert _published(EventBus(clock), 20) == _published(EventBus(clock), 20)


def test_events_are_read_beyond_a_position(clock: OrgClock) -> None:
    """In order, as many as are asked for."""
    bus = EventBus(clock)
    ids = _published(bus, 10)
    position = bus.position("LoginEventStream", ids[3])
    assert position is not None
    events = bus.read("LoginEventStream", position, 3)
    schema = bus.schema("LoginEventStream")
    assert [schema.decoded(event.payload)["EventIdentifier"] for event in events] == ["event 4", "event 5", "event 6"]
    assert bus.read("ApiEventStream", 0, 3) == []


def test_values_come_back_with_their_types(clock: OrgClock) -> None:
    """Times are milliseconds, decimals double, what is left out null; both dates are the time of publication."""
    bus = EventBus(clock)
    bus.publish("ReportEventStream", NOON, {"RowsProcessed": 42, "IsScheduled": False, "Sequence": 3, "Name": "Zoë"})
    event = bus.read("ReportEventStream", 0, 1)[0]
    values = bus.schema("ReportEventStream").decoded(event.payload)
    assert (values["CreatedDate"], values["EventDate"], values["RowsProcessed"]) == (NOON, NOON, 42.0)
    assert (values["IsScheduled"], values["Sequence"], values["Name"], values["Username"]) == (False, 3, "Zoë", None)
    assert isinstance(values["RowsProcessed"], float)


@pytest.mark.parametrize("values", [{"Colour": "red"}, {"RowsProcessed": "many"}, {"Sequence": 1 << 40}])
def test_what_does_not_fit_is_refused(clock: OrgClock, values: dict[str, object]) -> None:
    """A field that there is not, a text for a number, a number too large; the bus stays as it was."""
    bus = EventBus(clock)
    with pytest.raises(ValueError, match="ReportEventStream"):
        bus.publish("ReportEventStream", NOON, values)
    assert bus.counts()["ReportEventStream"] == 0
    with pytest.raises(KeyError):
        bus.publish("ColourEvent", NOON, {})


def test_events_are_kept_for_72_hours(clock: OrgClock) -> None:
    """By the org's clock: then they are not read, and their replay ids are unknown."""
    bus = EventBus(clock)
    old, new = bus.publish("LoginEventStream", NOON, {}), bus.publish("LoginEventStream", NOON + HOUR, {})
    clock.now += 72 * HOUR + 1
    assert bus.counts()["LoginEventStream"] == 1
    assert len(bus.read("LoginEventStream", 0, 10)) == 1
    assert bus.position("LoginEventStream", old) is None
    assert bus.position("LoginEventStream", new) is not None


@pytest.mark.parametrize(
    "spoil", [lambda _: b"", lambda replay: replay[:-1], lambda replay: replay[::-1]], ids=["empty", "short", "turned"]
)
def test_a_spoilt_replay_id_is_unknown(clock: OrgClock, spoil: Callable[[bytes], bytes]) -> None:
    """And so is that of another channel."""
    bus = EventBus(clock)
    replay = bus.publish("LoginEventStream", NOON, {})
    assert bus.position("LoginEventStream", spoil(replay)) is None
    assert bus.position("ApiEventStream", replay) is None


def test_the_latest_position_is_between_what_was_and_what_comes(clock: OrgClock) -> None:
    """A reader who begins there gets what is published from then on, and nothing else."""
    bus = EventBus(clock)
    _published(bus, 3)
    latest = bus.latest("LoginEventStream")
    assert bus.read("LoginEventStream", latest, 10) == []
    _published(bus, 2)
    assert len(bus.read("LoginEventStream", latest, 10)) == 2


def test_a_full_bus_forgets_the_oldest_of_the_fullest_channel(clock: OrgClock) -> None:
    """Others keep what they have; a replay id whose successors may be lost is unknown."""
    bus = EventBus(clock, most_bytes=20_000)
    _published(bus, 1, "ApiEventStream")
    first, *_, last = _published(bus, 1000)
    assert bus.counts()["ApiEventStream"] == 1
    assert 100 < bus.counts()["LoginEventStream"] < 1000
    assert bus.position("LoginEventStream", first) is None
    assert bus.position("LoginEventStream", last) is not None


def test_events_are_repeated_from_an_earlier_position(clock: OrgClock) -> None:
    """So many up to a position, or as many as there are."""
    bus = EventBus(clock)
    ids = _published(bus, 5)
    position = bus.position("LoginEventStream", ids[2])
    assert position is not None
    for count, expected in ((0, 2), (2, 4), (9, 5)):
        assert len(bus.read("LoginEventStream", bus.before("LoginEventStream", position, count), 10)) == expected


def test_listeners_are_woken_until_they_leave(clock: OrgClock) -> None:
    """Only those of the channel."""
    bus = EventBus(clock)
    woken: list[str] = []
    leave = bus.listen("LoginEventStream", lambda: woken.append("login"))
    bus.listen("ApiEventStream", lambda: woken.append("api"))
    bus.publish("LoginEventStream", NOON, {})
    leave()
    bus.publish("LoginEventStream", NOON, {})
    assert woken == ["login"]


def test_the_bus_is_filled_for_the_first_reader(clock: OrgClock) -> None:
    """Once, before any reader reads, however many come at a time."""
    bus = _filled_bus(clock, past=1)
    assert (bus.wanted, bus.counts()["LoginEventStream"]) == (False, 0)
    readers = [threading.Thread(target=bus.prepare) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert (bus.wanted, bus.counts()["LoginEventStream"]) == (True, 1)


def test_the_past_is_filled_for_the_first_who_reads_it(clock: OrgClock) -> None:
    """Before what others have read meanwhile, whose places it does not move."""
    bus = _filled_bus(clock, past=3)
    bus.prepare(past=False)
    assert bus.counts()["LoginEventStream"] == 0
    latest = bus.latest("LoginEventStream")
    bus.publish("LoginEventStream", NOON, {"EventIdentifier": "new"})
    new = bus.read("LoginEventStream", latest, 10)
    bus.prepare(past=True)
    held = bus.read("LoginEventStream", 0, 10)
    assert [event.time for event in held] == [NOON - 3, NOON - 2, NOON - 1, NOON]
    assert [event.position for event in held] == sorted(event.position for event in held)
    assert bus.read("LoginEventStream", latest, 10) == new == held[3:]


def test_what_the_past_forgets_leaves_its_order(clock: OrgClock) -> None:
    """Events that are too old by then are dropped, and the rest of the past still comes before the rest."""
    bus = _filled_bus(clock, past=4)
    bus.prepare(past=False)
    bus.publish("LoginEventStream", NOON + 2, {})
    clock.now = NOON + RETENTION - 2
    bus.prepare(past=True)
    assert [event.time for event in bus.read("LoginEventStream", 0, 10)] == [NOON - 2, NOON - 1, NOON + 2]


def _filled_bus(clock: OrgClock, past: int) -> EventBus:
    """One that is filled by so many events, a millisecond apart, the newest a millisecond before noon."""
    bus = EventBus(clock)

    def fill() -> None:
        for back in range(past, 0, -1):
            bus.publish("LoginEventStream", NOON - back, {}, past=True)

    bus.fill_by(lambda: NOON, fill)
    return bus


@pytest.mark.parametrize("schema", channel_schemas().values(), ids=list(channel_schemas()))
def test_each_channel_has_a_schema_of_its_own(schema: ChannelSchema) -> None:
    """Named as the channel, without ReplayId, found by its id as are its changed forms."""
    assert f'"name":"{schema.channel}"' in schema.text
    assert {"CreatedDate", "EventDate", "EventIdentifier", "EventUuid"} <= schema.fields.keys()
    assert "ReplayId" not in schema.fields
    forms = (schema, schema.with_a_further_field, schema.with_a_field_less)
    assert [schemas_by_id()[form.id] for form in forms] == list(forms)
    assert [len(form.fields) - len(schema.fields) for form in forms] == [0, 1, -1]
