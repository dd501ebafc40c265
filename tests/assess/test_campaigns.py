from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.assess.calendar import Assessment
from tests.assess.campaign_page import campaign_lines, lost
from tests.assess.campaigns import CampaignPlay, Finder, LearntMemory, play_campaign, run
from tests.assess.complaints import complaints
from tests.assess.measured_page import page
from tests.assess.run import Result, assess, learn

SMALL = Assessment(login_days=1, learning_days=0, days=1, people=20, rows=600, hours=24, scenarios=())
DEED = Finder("api_read_burst", timedelta(minutes=15), deed=True)
SIGN = Finder("campaign_library", timedelta(0), deed=False)


@pytest.fixture(scope="module")
def learnt() -> LearntMemory:
    return learn(SMALL)


def played(name: str, volume: float = 1.0, pace: float = 1.0, disguised: bool = True, *finders: Finder) -> CampaignPlay:
    return CampaignPlay(name, volume, pace, disguised, 1_002, finders)


def test_a_campaign_is_found_in_disguise(learnt: LearntMemory) -> None:
    """By rules that speak of what was done; nothing of what was learnt is changed by it."""
    before = dict(learnt.memory)
    found = run(learnt, "klue_burst", disguised=True)
    assert "api_read_burst" in {finder.name for finder in found.by_deed}
    assert found.rows == 2_003
    assert dict(learnt.memory) == before


def test_with_what_was_published_its_signs_are_found_too(learnt: LearntMemory) -> None:
    """They are named, and do not count as what was done."""
    found = run(learnt, "klue_burst", volume=0.02)
    signs = [finder for finder in found.finders if finder.name.startswith("campaign_")]
    assert signs
    assert not set(signs) & set(found.by_deed)


def test_less_and_less_is_played_until_it_is_lost(learnt: LearntMemory) -> None:
    """First with what was published, then in disguise: the last play of each kind is lost or the last that is tried."""
    plays = play_campaign(learnt, (1.0, 0.01), "klue_burst")
    assert [(play.volume, play.pace, play.disguised) for play in plays[:3]] == [
        (1.0, 1.0, False), (1.0, 1.0, True), (0.01, 1.0, True),
    ]  # fmt: skip
    assert not plays[2].by_deed


def test_the_table_says_what_finds_a_campaign_and_when_it_is_lost() -> None:
    """The rules that speak of what was done stand apart from those that speak of where it came from."""
    plays = [
        played("klue_burst", 1.0, 1.0, False, DEED, SIGN), played("klue_burst", 1.0, 1.0, True, DEED),
        played("klue_burst", 0.5), played("klue_burst", 1.0, 0.5, True, DEED),
    ]  # fmt: skip
    (row,) = [line for line in campaign_lines(plays) if "`klue_burst`" in line]
    assert "| `api_read_burst` 15 min | `campaign_library` 0 s | **volume 1/2**; not at pace 1/2 |" in row
    assert "1,000 queries in 15 min" in row
    assert "(https://" in row
    assert lost(plays) == []


def test_a_campaign_that_is_lost_at_full_volume_is_told() -> None:
    """An indicator alone does not find it."""
    plays = [played("klue_burst", 1.0, 1.0, False, SIGN), played("klue_burst")]
    assert lost(plays) == ["klue_burst"]
    assert "**nothing**" in "\n".join(campaign_lines(plays))


@pytest.fixture(scope="module")
def result() -> Result:
    return assess(replace(SMALL, days=1))


def test_the_page_has_the_campaigns(result: Result) -> None:
    """Below what is told of innocent days."""
    text = page([result], [played("klue_burst", 1.0, 1.0, False, DEED), played("klue_burst", 1.0, 1.0, True, DEED)])
    assert text.index("## Alerts on innocent days") < text.index("## Published campaigns")


def test_an_assessment_fails_by_noise_and_by_what_was_not_found(result: Result) -> None:
    """More than six alerts a day above low, a leak or a campaign that nothing found."""
    quiet = replace(result, by_level=dict.fromkeys(result.by_level, 0))
    assert list(complaints([quiet], [])) == []
    loud = replace(result, by_level={**quiet.by_level, "medium": 7})
    assert list(complaints([loud], [])) == ["7.00 alerts a day above low on innocent days are more than 6"]
    missed = replace(quiet, assessment=replace(SMALL, scenarios=("slow_drip",)))
    assert list(complaints([missed], [played("klue_burst")])) == [
        "slow_drip was not found", "klue_burst was not found by what was done",
    ]  # fmt: skip
