"""Erasing what is personal in the trail leaves notices, their digests and the chain as they are."""

from agent.trail.erasure import ERASED, erase
from agent.trail.shard_trail import ShardTrail
from agent.trail.verify import verify
from tests.notice.drafts.notice_state import ORG, NoticeState


def test_a_notice_verifies_after_personal_data_were_erased_in_the_trail(state: NoticeState) -> None:
    """The digest in the record is that of the version, before and after."""
    digest = state.ask("draft", values={"measures_taken": "Ms. Canary was informed"})["digest"]
    state.ask("sign")
    state.ask("sent", receipt="LDI-1", channel="the portal")
    shard = state.stores[ORG].state
    beside = [key for key in shard.keys("trail/") if b"Canary" in (shard.data(key) or b"")]
    assert beside
    assert erase(shard, state.number, "root", "asked", state.time) >= 2
    assert not [key for key in shard.keys("trail/") if b"Canary" in (shard.data(key) or b"")]
    report = verify({ORG: ShardTrail(shard).lines}, [], [], "leakline/test/trail")
    assert (report.findings, report.records[ORG]) == ([], len(list(ShardTrail(shard).lines())))
    assert state.records(ERASED)
    view = state.ask("show")
    assert view["digest"] == digest == state.records("notice-drafted")[0]["data"]["digest"]
    assert view["sign_offs"][0]["digest"] == view["submissions"][0]["digest"] == digest
