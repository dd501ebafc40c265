"""A pack of regimes that comes into force after another one is a recorded change, with its class."""

from __future__ import annotations

from agent.daemon.changes.pack_record import record_pack
from agent.notice.regimes.pack import shipped
from tests.daemon.changes.change_state import ChangeState


def test_the_first_pack_is_kept_and_the_same_one_says_nothing(state: ChangeState) -> None:
    """What a start goes by is in the record of the start."""
    for _ in range(3):
        record_pack(state.desk_alone, shipped().pack)
    assert state.recorded() == ["settings-baseline"]
    assert state.desk.changes() == []


def test_a_pack_that_weakens_is_recorded_as_that(state: ChangeState) -> None:
    """With the regime that it lacks, once; and back again it strengthens."""
    pack = shipped().pack
    less = pack.model_copy(update={"regimes": tuple(regime for regime in pack.regimes if regime.id != "eu-gdpr-33")})
    for current in (pack, less, less, pack):
        record_pack(state.desk_alone, current)
    weaker, stricter = state.desk.changes()
    assert (weaker.kind, weaker.way, weaker.state, weaker.change_class) == ("pack", "upgrade", "applied", "weaken")
    assert "eu-gdpr-33" in str([found.path for found in weaker.differences])
    assert stricter.change_class == "strengthen"
    assert state.recorded() == ["settings-baseline", "change-applied", "change-applied"]
    assert state.restarts == []
