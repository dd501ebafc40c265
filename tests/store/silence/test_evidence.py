"""Each kind of silence by what the org says and by the feed's own history."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.problem import Problem
from agent.problem_kinds import KINDS
from agent.status.silence import ADVICE, SilenceKind
from agent.store.silence.evidence import ABSENT, REFUSED, STOPPED, FeedEvidence, silence_of

NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)
UNSEEN = (
    "acme: HTTP 400 INVALID_TYPE sObject type 'LoginHistory' is not supported",
    "the org has no event log object that this user can see: they need Event Monitoring",
    "acme: query: HTTP 403 INSUFFICIENT_ACCESS insufficient access rights: give the user the permissions API Enabled",
    "the org does not store it; switch storing on in Setup > Event Manager, or remove it from `events`",
)


def silence(kind: str, message: str = "", *, spoke: bool = False) -> SilenceKind | None:
    return silence_of(FeedEvidence(spoke, Problem(kind, "acme/x y", NOW, message, "")))


@pytest.mark.parametrize("message", UNSEEN)
@pytest.mark.parametrize("kind", ["source-failed", "object-not-read", "event-not-read"])
def test_the_same_refusal_is_a_licence_or_a_lost_permission_as_history_has_it(kind: str, message: str) -> None:
    """Of what never spoke the org has none; what spoke before was taken away."""
    assert silence(kind, message) is SilenceKind.NO_LICENCE
    assert silence(kind, message, spoke=True) is SilenceKind.PERMISSION_LOST


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        (
            "source-failed",
            "acme: HTTP 403 REQUEST_LIMIT_EXCEEDED TotalRequests Limit exceeded.",
            SilenceKind.LIMIT_REACHED,
        ),
        (
            "source-failed",
            "acme: 12000 of 15000 API calls of the day are used, more than 80%",
            SilenceKind.LIMIT_REACHED,
        ),
        (
            "source-failed",
            "https://a refused the sign-in: inactive_user (user is inactive)",
            SilenceKind.PERMISSION_LOST,
        ),
        ("object-not-read", "acme: the field LoginHistory.LoginTime is hidden from the user", SilenceKind.FIELD_HIDDEN),
        ("fields-hidden", "LoginHistory is read without SourceIp", SilenceKind.FIELD_HIDDEN),
        ("snapshot-doubtful", "90 records are missing at once", SilenceKind.PERMISSION_LOST),
        ("source-held-back", "acme/x is held back until about 12:00 UTC: no permission", SilenceKind.LIMIT_REACHED),
        ("source-stopped", "most rows break a rule", SilenceKind.SOURCE_STOPPED),
        ("pass-failed", "KeyError: permission", SilenceKind.SOURCE_STOPPED),
        ("source-failed", "acme: no answer in time", SilenceKind.SOURCE_STOPPED),
        (ABSENT, "acme/x is read without a fault", SilenceKind.ABSENT),
    ],
)
def test_each_kind_of_problem_means_one_silence(kind: str, message: str, expected: SilenceKind) -> None:
    """Whether or not it spoke before."""
    assert silence(kind, message, spoke=True) is expected
    assert silence(kind, message) is expected


def test_without_a_problem_history_alone_decides() -> None:
    """What never spoke waits for its first row; what is missed is absent; the rest may be quiet."""
    assert silence_of(FeedEvidence(spoke=False)) is SilenceKind.NO_FILES_YET
    assert silence_of(FeedEvidence(spoke=True, is_missed=True)) is SilenceKind.ABSENT
    assert silence_of(FeedEvidence(spoke=True)) is None


def test_each_silence_says_what_to_do_and_each_problem_is_one() -> None:
    """No kind is left out of the tables."""
    assert ADVICE.keys() == set(SilenceKind)
    assert KINDS.keys() >= {*STOPPED, *REFUSED, ABSENT}
