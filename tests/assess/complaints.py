"""Why an assessment fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.assess.campaign_page import lost
from tests.assess.campaigns import CampaignPlay
from tests.assess.measured_page import MOST, above_low
from tests.assess.run import Result


def complaints(results: Sequence[Result], plays: Sequence[CampaignPlay]) -> Iterator[str]:
    """A sentence for each leak and campaign that was not found, and for innocent days with too many alerts."""
    for result in results:
        yield from (f"{name} was not found" for name in result.assessment.scenarios if not result.found.get(name))
        if above_low(result) > MOST:
            yield f"{above_low(result):.2f} alerts a day above low on innocent days are more than {MOST:g}"
    yield from (f"{name} was not found by what was done" for name in lost(plays))
