"""What the book says of incidents and links is what the state has, whatever becomes of a transaction."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.notice.incidents.book import ENTRIES, IncidentBook, LinkEntry, link_key, with_entry
from agent.notice.incidents.grouping import Grouping
from agent.notice.incidents.incident import Incident, State, encode
from agent.store import keys
from agent.store.state import StateRecall
from tests.store.one_shard import OneShard

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
WITHIN = timedelta(hours=24)
NUMBERS = [f"inc-{number:012x}" for number in range(6)]
LINKS = ["user:a", "user:b", "session:c"]
STATES: list[State] = ["candidate", "triage", "confirmed", "closed"]


def incident(number: str, links: list[str], hour: int, state: State) -> Incident:
    at = NOW + timedelta(hours=hour)
    return Incident(number, "00D", "live", state, "high", "Rows", NOW, NOW, NOW, at, links=tuple(links))


class Broken(Exception):
    """What ends a transaction here."""


class BookOfAState(RuleBasedStateMachine):
    """Batches change incidents; some are stored, some are taken back, and some end in an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.state = OneShard(Path(self.folder.name) / "state")
        self.stored = StateRecall(self.state, keys.RESPONSE.prefix)
        self.book = IncidentBook(self.stored)
        self.waiting: list[tuple[Grouping, Callable[[], None]]] = []

    def teardown(self) -> None:
        self.state.close()
        self.folder.cleanup()

    @rule(
        numbers=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3),
        links=st.lists(st.sampled_from(LINKS), min_size=1, unique=True),
        hour=st.integers(0, 48),
        state=st.sampled_from(STATES),
    )
    def advance(self, numbers: list[str], links: list[str], hour: int, state: State) -> None:
        grouping = Grouping(self.book, WITHIN)
        for number in numbers:
            before = grouping.incident(number)
            after = incident(number, links, hour, state)
            grouping.put(before, replace(after, revision=before.revision + 1 if before else 0))
        self.waiting.append((grouping, self.book.advance(grouping.change)))

    @precondition(lambda self: self.waiting)
    @rule()
    def take_back_the_last(self) -> None:
        self.waiting.pop()[1]()

    @rule()
    def store(self) -> None:
        with self.state.transact() as transaction:
            for grouping, _ in self.waiting:
                transaction.apply(keys.RESPONSE.prefix, grouping.change.remember())
        self.waiting.clear()
        self.book.settle()

    @precondition(lambda self: self.waiting)
    @rule()
    def break_a_transaction(self) -> None:
        with pytest.raises(Broken), self.state.transact() as transaction:
            for grouping, _ in self.waiting:
                transaction.apply(keys.RESPONSE.prefix, grouping.change.remember())
            raise Broken
        while self.waiting:
            self.waiting.pop()[1]()

    @invariant()
    def it_says_what_is_stored_and_waits(self) -> None:
        """By another book over the same state, and by the changes in their order."""
        plain = IncidentBook(self.stored)
        incidents = {number: plain.incident(number) for number in NUMBERS}
        entries = {key: plain.entries(key) for key in (link_key("live", link) for link in LINKS)}
        for grouping, _ in self.waiting:
            incidents |= {number: after for number, (_, after) in grouping.change.incidents.items()}
            entries |= grouping.change.links
        assert {number: known(self.book.incident(number)) for number in NUMBERS} == {
            number: known(found) for number, found in incidents.items()
        }
        assert {key: self.book.entries(key) for key in entries} == entries

    @invariant()
    def the_open_are_listed(self) -> None:
        """Each once, under what it is now; those that have ended are not."""
        found = [(number, self.stored(f"incident/{number}")) for number in self.book.ids()]
        plain = IncidentBook(self.stored)
        is_open = [number for number, _ in found if (stored := plain.incident(number)) and stored.is_open]
        assert sorted(self.book.open_ids()) == sorted(is_open)


def known(found: Incident | None) -> bytes | None:
    """As it is stored: a list that was read is a tuple where it was not."""
    return encode(found) if found else None


TestBookOfAState = BookOfAState.TestCase
TestBookOfAState.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[OneShard]:
    state = OneShard(tmp_path / "state")
    yield state
    state.close()


def test_a_link_leads_to_the_incidents_with_the_newest_evidence() -> None:
    """Of more than it can lead to, the oldest is not looked for any more; one of them is there once."""
    entries: tuple[LinkEntry, ...] = ()
    for number in range(ENTRIES + 1):
        entries = with_entry(entries, LinkEntry(f"inc-{number}", 0, number))
    entries = with_entry(entries, LinkEntry("inc-2", 0, 100))
    assert [entry.incident for entry in entries] == ["inc-2", "inc-4", "inc-3", "inc-1"]


def test_a_damaged_incident_is_told_whenever_it_is_asked_for(state: OneShard) -> None:
    """It is not taken for one that does not exist."""
    with state.transact() as transaction:
        transaction.set(keys.RESPONSE.key("incident", NUMBERS[0]), b"{}")
    book = IncidentBook(StateRecall(state, keys.RESPONSE.prefix))
    for _ in range(2):
        with pytest.raises(ValueError, match="Field required"):
            book.incident(NUMBERS[0])
