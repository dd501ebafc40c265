"""The digest of a version is that of what it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.notice.drafts.notice import Notice, NoticeEntry, NoticeVersion, encode_version, stored_version, version_key
from agent.terminal import printable
from tests.notice.incidents.answering import Remembered

TEXTS = st.text(max_size=40).map(printable)
ENTRIES = st.lists(
    st.builds(NoticeEntry, TEXTS, TEXTS, TEXTS, TEXTS, by=TEXTS, estimated=st.booleans(), needed=st.booleans()),
    max_size=4,
)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
VERSIONS = st.builds(
    NoticeVersion,
    TEXTS,
    TEXTS,
    st.just(1),
    TIMES,
    TEXTS,
    st.just("new"),
    st.sampled_from(["complete", "incomplete"]),
    ENTRIES,
    promised=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(VERSIONS)
def test_a_version_has_its_digest_after_it_was_stored(version: NoticeVersion) -> None:
    """Whatever texts it has."""
    notice = Notice(version.incident, version.obligation, (version.digest,))
    stored = Remembered()
    stored.apply({version_key(notice, 1): encode_version(version)})
    assert stored_version(stored, notice, 1).digest == version.digest


@given(VERSIONS)
def test_any_other_content_has_another_digest(version: NoticeVersion) -> None:
    """A later second, another author, one more field, another text."""
    entry = NoticeEntry("a", "b", "c", "text")
    changed = [
        replace(version, at=version.at + timedelta(seconds=1)),
        replace(version, by=f"{version.by}x"),
        replace(version, number=2),
        replace(version, entries=[*version.entries, entry]),
        replace(version, entries=[*version.entries, replace(entry, text="other")]),
    ]
    assert len({version.digest, *(other.digest for other in changed)}) == len(changed) + 1
