"""The contract suites cannot be passed by."""

from __future__ import annotations

import pytest

from agent.store.batch_store import BatchStore
from agent.store.state import State
from tests.store.contract.members import BATCH_STORES, STATES, TRAITS, Harnesses, implementations


@pytest.mark.parametrize(("protocol", "members"), [("State", STATES), ("BatchStore", BATCH_STORES)])
def test_every_implementation_is_tested(protocol: str, members: Harnesses) -> None:
    """A class that is a State or a BatchStore has a harness here, and what has one is still there."""
    assert implementations(protocol) == set(members)


@pytest.mark.parametrize("protocol", [State, BatchStore])
def test_implementations_are_found_by_methods_of_the_protocol(protocol: type) -> None:
    """A method that gets another name is not looked for by its old one."""
    assert TRAITS[protocol.__name__] <= set(dir(protocol))
