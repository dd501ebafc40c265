"""Every column that mapping and enrichment can add to a row of Salesforce's, for what asks for one that nothing makes."""

from __future__ import annotations

from agent.normalize.address import ANONYMIZER, CORPORATE, KIND
from agent.normalize.any_address import ANY_ANONYMIZER
from agent.normalize.approved_apps import APPROVED
from agent.normalize.aura import FIELDS
from agent.normalize.client import AGENT, CLIENT_KIND
from agent.normalize.enrich import APPLICATION, LOCAL_HOUR
from agent.normalize.guest import ACTIONS, COUNTS, DOORS, GUEST, WHO
from agent.normalize.homes import SERVICE
from agent.normalize.imitated_apps import FOLDED, IMITATES
from agent.normalize.indicators import COLUMNS as INDICATOR
from agent.normalize.indicators import PREFIX
from agent.normalize.integration import EXPECTED, INTEGRATION
from agent.normalize.leavers import LEAVES_ON, LEAVING, LEFT
from agent.normalize.mapping import Mappings
from agent.normalize.person import COLUMNS, TARGET
from agent.normalize.place import PLACE
from agent.normalize.shape import PROBLEMS, RAW_CELLS
from agent.normalize.sign_in import SIGN_IN


def computed_columns(mappings: Mappings) -> frozenset[str]:
    """Their names, and those of all ECS fields, which are spelled right though nothing may fill them."""
    homes = {
        home.field
        for one in (*mappings.all(), *mappings.shared.values())
        for column in one.header
        if (home := one.home(column, one.header)) is not None
    }
    homes |= {home.field for one in mappings.shared.values() for home in one.homes.values()}
    derived = {derived.field for one in (*mappings.all(), *mappings.shared.values()) for derived in one.derived}
    enriched = {
        KIND, CORPORATE, ANONYMIZER, ANY_ANONYMIZER, APPROVED, CLIENT_KIND, APPLICATION, LOCAL_HOUR, GUEST, WHO, *COUNTS,
        DOORS, ACTIONS, FOLDED, IMITATES, *(PREFIX + name for name in INDICATOR), EXPECTED, INTEGRATION, LEAVES_ON,
        LEAVING, LEFT, SIGN_IN, *AGENT, *COLUMNS, *TARGET, *PLACE, *FIELDS,
    }  # fmt: skip
    named = {name for name in homes | derived | enriched if "." in name}
    return frozenset({*named, *mappings.ecs.fields, SERVICE, PROBLEMS, RAW_CELLS})
