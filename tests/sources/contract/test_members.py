"""The suite cannot be passed by: every source of the settings is in it, as itself, and every promise is asked of it."""

from __future__ import annotations

from inspect import isfunction
from types import FunctionType, ModuleType

import pytest

from agent.config.settings import SourceSettings
from agent.config.settings_location import ExpectedType
from agent.source import ContinuousSource, PolledSource, PushedSource
from tests.sources.contract import test_contract, test_kinds
from tests.sources.contract.harness import SenderHarness, SourceHarness
from tests.sources.contract.members import LISTENED, MEMBERS, OF_SETTINGS, of_kind, type_of
from tests.sources.contract.source_loop import SourceLoop

KINDS = (PolledSource, ContinuousSource, PushedSource)


def test_every_source_of_the_settings_is_a_member() -> None:
    """A new member of the settings' union needs a harness; one that is gone leaves none."""
    assert {type_of(name) for name in OF_SETTINGS} == ExpectedType.of(SourceSettings).tags.keys()


@pytest.mark.parametrize("harness", list(MEMBERS), indirect=True)
def test_a_member_is_the_source_that_it_stands_for(harness: SourceHarness, request: pytest.FixtureRequest) -> None:
    """It is built from its settings, has their name, and is of exactly one kind, which is the one it is tested as."""
    name = request.node.callspec.params["harness"]
    source = SourceLoop(harness).new_source()
    assert [kind for kind in KINDS if isinstance(source, kind)] == [MEMBERS[name].kind]
    assert isinstance(harness, SenderHarness) == (MEMBERS[name].kind is PushedSource)
    assert source.name.split("/")[:2] == ["acme", type_of(name)]
    if name in OF_SETTINGS:
        assert type(harness.settings) is ExpectedType.of(SourceSettings).tags[type_of(name)]
        assert type(source).__module__.startswith("agent.")


def promises_of(module: ModuleType) -> list[FunctionType]:
    """The tests of a module."""
    return [value for name, value in vars(module).items() if name.startswith("test_") and isfunction(value)]


def members_of(test: FunctionType) -> list[str]:
    """Whom a test is run with."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    return next((mark.args[1] for mark in marks if mark.args[0] == "harness"), [])


@pytest.mark.parametrize("test", promises_of(test_contract), ids=lambda test: test.__name__)
def test_a_promise_of_all_is_asked_of_all(test: FunctionType) -> None:
    """Of every member; or of all that ask an other side, where the promise is about asking; about reading ahead, or about
    keeping what cannot be read."""
    asking = [name for name, member in MEMBERS.items() if member.kind is not PushedSource]
    keeping = [name for name in MEMBERS if name not in LISTENED]
    assert members_of(test) in (list(MEMBERS), asking, keeping, of_kind(PolledSource))


@pytest.mark.parametrize("test", promises_of(test_kinds), ids=lambda test: test.__name__)
def test_a_promise_of_a_kind_is_asked_of_that_kind(test: FunctionType) -> None:
    """Of every member that is of the kind."""
    kinds = {MEMBERS[name].kind for name in members_of(test)}
    assert len(kinds) == 1
    assert members_of(test) == [name for name, member in MEMBERS.items() if member.kind in kinds]
