"""The count of API calls over a restart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from agent.assembly.kept_calls import EVERY, KeptCalls
from agent.sources.salesforce.budget.budget_book import ApiBudgetBook
from agent.sources.salesforce.budget.caller import source_caller
from agent.sources.salesforce.budget.settings import ApiBudget
from agent.store import keys
from tests.pipeline.fakes import Clock
from tests.store.one_shard import OneShard

CALLER = source_caller("acme/login_history", "high", timedelta(minutes=2))


def book_of(clock: Clock) -> ApiBudgetBook:
    return ApiBudgetBook("acme", ApiBudget(), clock)


def test_a_new_process_knows_what_the_last_one_counted(tmp_path: Path) -> None:
    """What was used by us and by whomever; it is written now and then, not at each call."""
    clock, state = Clock(), OneShard(tmp_path / "state")
    book = book_of(clock)
    kept = KeptCalls(state, book, clock)
    book.count(CALLER)
    book.note({"Sforce-Limit-Info": "api-usage=7/15000"})
    kept.tick()
    book.count(CALLER)
    kept.tick()
    (first, second) = book_of(clock), book_of(clock)
    KeptCalls(state, first, clock)
    clock.now += EVERY
    kept.tick()
    KeptCalls(state, second, clock)
    state.close()
    assert (first.status().own, second.status().own) == (1, 2)
    assert second.usage == (7, 15_000)


def test_what_cannot_be_read_is_counted_from_nothing(tmp_path: Path) -> None:
    """It saves calls only: the org's own count holds all the same."""
    clock, state = Clock(), OneShard(tmp_path / "state")
    with state.transact() as transaction:
        transaction.set(keys.API_CALLS.key(), b"{}")
    book = book_of(clock)
    KeptCalls(state, book, clock)
    state.close()
    assert book.status().own == 0
