"""Who is held to the contract: every source that settings can name, and a toy of each kind that none is of yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pytest

from agent.source import ContinuousSource, PolledSource, PushedSource
from tests.sources.contract.harness import SourceHarness
from tests.sources.contract.log_file_harness import LogFileHarness
from tests.sources.contract.toy_receiver import ToyReceiverHarness
from tests.sources.contract.toy_stream import ToyStreamHarness


@dataclass(frozen=True, slots=True)
class Member:
    """A source under test, of one of the three kinds."""

    kind: type
    make: Callable[[pytest.FixtureRequest], SourceHarness]


OF_SETTINGS: Mapping[str, Member] = {
    "event_log_file": Member(PolledSource, LogFileHarness),
    "event_log_file row by row": Member(PolledSource, partial(LogFileHarness, piece=1)),
}
"""By `type` in the settings, and perhaps what is different in a variant."""

TOYS: Mapping[str, Member] = {
    "toy_stream": Member(ContinuousSource, lambda _: ToyStreamHarness()),
    "toy_receiver": Member(PushedSource, lambda _: ToyReceiverHarness()),
}

MEMBERS: Mapping[str, Member] = {**OF_SETTINGS, **TOYS}


def type_of(name: str) -> str:
    """The `type` in the settings."""
    return name.split(" ")[0]


def of_kind(*kinds: type) -> list[str]:
    return [name for name, member in MEMBERS.items() if member.kind in kinds]
