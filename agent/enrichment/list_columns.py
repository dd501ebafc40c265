"""Which columns the lists of some settings answer for: what an archive says of them is the word of older lists."""

from __future__ import annotations

from collections.abc import Iterator

from agent.enrichment.address import ANONYMIZER, CORPORATE
from agent.enrichment.any_address import ANY_ANONYMIZER
from agent.enrichment.app_imitation import FOLDED, IMITATES
from agent.enrichment.approved_app import APPROVED
from agent.enrichment.indicator import COLUMNS, PREFIX
from agent.enrichment.integration_user import EXPECTED, INTEGRATION
from agent.enrichment.leaver import LEAVES_ON, LEAVING, LEFT
from agent.enrichment.settings import EnrichSettings


def list_columns(settings: EnrichSettings) -> Iterator[str]:
    """Names of the columns that these settings have a list for; indicators and imitated apps are always there."""
    yield from (PREFIX + name for name in COLUMNS)
    yield from (FOLDED, IMITATES)
    if settings.anonymizer_lists:
        yield from (ANONYMIZER, ANY_ANONYMIZER)
    if settings.corporate_networks:
        yield CORPORATE
    if settings.expected_networks:
        yield EXPECTED
    if settings.integration_users:
        yield INTEGRATION
    if settings.leavers is not None:
        yield from (LEAVING, LEFT, LEAVES_ON)
    if settings.approved_apps or settings.approved_apps_file is not None:
        yield APPROVED
