"""What `leakline status` says above its tables, and of each source in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.cli.output.status_parts.status_lines import MOST_FEEDS, feed_lines, silence_lines, source_lines, source_state
from agent.status.pause import PauseStatus
from agent.status.silence import FeedSilence, SilenceKind
from agent.status_document import (
    FeedStatus,
    ProblemStatus,
    SourceStatus,
    StateStatus,
    StatusDocument,
    decode,
    encode,
)

HOUR = timedelta(hours=1)


def test_a_channel_that_is_not_streamed_any_more_is_not_missed() -> None:
    """It does not count among those that are to be received, and has a line of its own."""
    feeds = (FeedStatus("LoginEventStream", "streaming"), FeedStatus("FileEvent", "withdrawn", "NOT_FOUND"))
    lines = list(feed_lines([SourceStatus("acme/real_time", "", None, None, None, None, feeds)]))
    assert [line.plain for line in lines] == [
        "acme/real_time receives 1 of 1 channel",
        "  FileEvent is not streamed any more",
    ]
    assert {str(line.style) for line in lines} == {""}


def test_a_source_that_is_held_back_has_its_time_in_its_line() -> None:
    """Since when, until about when, and for what; it is paused, and has not failed."""
    begun = datetime(2026, 7, 1, 12, tzinfo=UTC)
    pause = PauseStatus("api_budget", begun, "900 of the 1,000 API calls are used")
    source = SourceStatus("acme/sessions", "", None, None, begun + 2 * HOUR, pause)
    (line,) = source_lines([source], explained=())
    assert line.plain == (
        "acme/sessions has been paused since 2026-07-01 12:00:00 UTC, until about 2026-07-01 14:00:00 UTC: "
        "900 of the 1,000 API calls are used"
    )
    assert source_state("acme/sessions", source, []).plain == "paused"


def test_silence_has_a_line_for_each_kind_and_source() -> None:
    """With the first feeds that keep it, since when, and what to do; what has only not begun is no warning."""
    begun = datetime(2026, 7, 1, 12, tzinfo=UTC)
    silences = [
        *(
            FeedSilence("acme/elo", f"Type{number}", SilenceKind.ABSENT, begun + number * HOUR, "why", "look")
            for number in range(MOST_FEEDS + 2)
        ),
        # What a program reads as `no_files_yet` is said of senders and objects too, which have no files.
        FeedSilence("acme/object/A__c", "", SilenceKind.NO_FILES_YET, begun, "nothing has come yet", "nothing"),
    ]
    document = StatusDocument("1", StateStatus("/state"), True, True, (), silences=silences)
    absent, young = silence_lines(document)
    assert absent.plain == (
        "acme/elo of Type0, Type1, Type2, Type3, Type4, Type5 and 2 more: absent since 2026-07-01 12:00:00 UTC -> look"
    )
    assert young.plain == "acme/object/A__c: nothing has come yet since 2026-07-01 12:00:00 UTC -> nothing"
    assert (str(absent.style), str(young.style)) == ("yellow", "")
    assert list(decode(encode(document)).silences) == silences


def test_a_source_is_not_well_that_reads_a_part() -> None:
    """Problems with one of its objects stand in its row; those of a source whose name begins in the same way do not."""
    objects = ("acme/object Invoice__c", "acme/object/Order__c Order__c")
    problems = [ProblemStatus("", "object-not-read", name, None, "", "", "itself") for name in objects]
    source = SourceStatus("acme/object", "", None, None, None, None)
    assert source_state("acme/object", source, problems[1:]).plain == "ok"
    assert source_state("acme/object", source, problems).plain == "object-not-read"
    assert source_state("acme/object", None, problems).plain == "object-not-read"
