"""Looking after an incident."""

from datetime import timedelta

import pytest

from agent.notice.incidents.changes.handling import acknowledged, assigned, commented, snoozed
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.incident import MOST_COMMENTS
from tests.notice.incidents.made_incident import HOUR, NOW, alert, incident

DAY = timedelta(days=1)


def test_a_candidate_that_is_acknowledged_is_taken_up() -> None:
    """Its clocks begin where clocks run at all, and no clock of another incident changes."""
    candidate = incident(alert(0, level="low"))
    assert (candidate.state, candidate.has_clocks) == ("candidate", False)
    seen = acknowledged(candidate, "eva", NOW, clocks=True)
    assert (seen.state, seen.has_clocks, seen.acknowledged_by) == ("triage", True, "eva")
    assert not acknowledged(candidate, "eva", NOW, clocks=False).has_clocks
    serious = acknowledged(incident(), "eva", NOW, clocks=True)
    assert (serious.state, serious.has_clocks, len(serious.decisions)) == ("triage", True, 1)


def test_it_is_acknowledged_once() -> None:
    """The second is told by whom and when."""
    with pytest.raises(NotAllowed, match=r"acknowledged by eva at 2026-11-27 12:00 UTC.*assign"):
        acknowledged(acknowledged(incident(), "eva", NOW, clocks=True), "bob", NOW + HOUR, clocks=True)


def test_the_newest_comments_stay() -> None:
    """Of more than there is room for."""
    noted = incident()
    for number in range(MOST_COMMENTS + 2):
        noted = commented(noted, f"call {number}\nno answer", "eva", NOW)
    assert len(noted.comments) == MOST_COMMENTS
    assert noted.comments[-1].text == f"call {MOST_COMMENTS + 1}\nno answer"


@pytest.mark.parametrize("text", ["", "  ", "x" * 4_001, "a\x1b[2Jb", "a\u202eb", "\ud800"])
def test_a_comment_that_cannot_be_read_is_refused(text: str) -> None:
    """Empty ones, long ones, and those that steer a terminal."""
    with pytest.raises(NotAllowed):
        commented(incident(), text, "eva", NOW)


def test_a_name_is_one_line() -> None:
    """Who looks after an incident."""
    assert assigned(incident(), " eva ").assignee == "eva"
    with pytest.raises(NotAllowed, match="one line"):
        assigned(incident(), "eva\nbob")


def test_a_snooze_has_an_end_that_is_not_far() -> None:
    """It comes, and within what the settings allow."""
    assert snoozed(incident(), NOW + DAY, NOW, DAY).snoozed_until == NOW + DAY
    with pytest.raises(NotAllowed, match=r"1d at most.*notice\.longest_snooze"):
        snoozed(incident(), NOW + DAY + timedelta(seconds=1), NOW, DAY)
    with pytest.raises(NotAllowed, match="is over"):
        snoozed(incident(), NOW, NOW, DAY)
