"""What an end at any moment leaves of a notice: all of a change, or nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.notice.drafts.notice_state import ORG, SA, NoticeState, opened
from tests.notice.kept.interruption import Interrupted, Interruption
from tests.store.contract.killed import die, run_and_die

CHANGES: dict[str, Callable[[NoticeState], object]] = {
    "draft": lambda state: state.ask("draft", values={"risk_level": "low"}),
    "sign": lambda state: state.ask("sign"),
    "sent": lambda state: state.ask("sent", receipt="LDI-1"),
}


@pytest.mark.parametrize("request_name", CHANGES)
def test_a_change_that_is_interrupted_leaves_nothing(
    state: NoticeState, monkeypatch: pytest.MonkeyPatch, request_name: str
) -> None:
    """At each of its writes; the next try does all of it, once."""
    state.ask("draft")
    interruption, before, at = Interruption(monkeypatch), state.stored(), 1
    interruption.watch(state.stores[ORG])
    while True:
        interruption.set(at)
        try:
            CHANGES[request_name](state)
        except Interrupted as end:
            assert state.stored() == before, str(end)
            at += 1
            continue
        break
    assert at > 4
    interruption.set(0)
    action = {"draft": "notice-drafted", "sign": "notice-signed", "sent": "notice-submitted"}[request_name]
    made = 2 if request_name == "draft" else 1
    assert len(state.records(action)) == len(state.events(action)) == made
    view = state.ask("show")
    assert (view["versions"], view["state"]) == {"draft": (2, "draft"), "sign": (1, "signed"), "sent": (1, "sent")}[
        request_name
    ]


def send_and_die(folder: Path, moment: str) -> None:
    """In a process of its own."""
    with opened(folder) as state:
        state.ask("draft")
        interruption = Interruption(pytest.MonkeyPatch(), lambda _: die())
        interruption.watch(state.stores[ORG])
        interruption.set(moment)
        state.ask("sent", receipt="LDI-1")


@pytest.mark.parametrize(
    "moment, is_sent", [("apply response/notice/", False), ("before the commit", False), ("after the commit", True)]
)
def test_a_kill_leaves_a_submission_with_its_clock_or_neither(tmp_path: Path, moment: str, is_sent: bool) -> None:
    """The notice, the settlement, both records and both events."""
    run_and_die(send_and_die, tmp_path, moment)
    state = NoticeState(tmp_path)
    try:
        state.look()
        assert (state.clocks()[SA].state == "sent") is is_sent
        assert (state.ask("show")["state"] == "sent") is is_sent
        for kind in ("notice-submitted", "incident-obligation-settled"):
            assert len(state.records(kind)) == len(state.events(kind)) == int(is_sent)
    finally:
        state.close()
