"""Every column with a dot that a row of Salesforce's can have, for what asks for one that nothing makes: those of mapping and
enrichment, and fields of related records.
"""

from __future__ import annotations

from agent.enrichment.address import ANONYMIZER, CORPORATE, KIND
from agent.enrichment.any_address import ANY_ANONYMIZER
from agent.enrichment.app_imitation import FOLDED, IMITATES
from agent.enrichment.approved_app import APPROVED
from agent.enrichment.client_kind import AGENT, CLIENT_KIND
from agent.enrichment.enricher import APPLICATION, LOCAL_HOUR
from agent.enrichment.geo_record import GEO_COLUMNS
from agent.enrichment.indicator import COLUMNS as INDICATOR
from agent.enrichment.indicator import PREFIX
from agent.enrichment.integration_user import EXPECTED, INTEGRATION
from agent.enrichment.leaver import LEAVES_ON, LEAVING, LEFT
from agent.enrichment.user import COLUMNS, TARGET_COLUMNS
from agent.normalize.also_seen import ALSO_SEEN_IN
from agent.normalize.audit_trail.setup_change import FIELDS as SETUP
from agent.normalize.cell_fields import SERVICE
from agent.normalize.computed.aura import FIELDS
from agent.normalize.computed.guest import ACTIONS, COUNTS, DOORS, GUEST, WHO
from agent.normalize.computed.sign_in import SIGN_IN
from agent.normalize.mapping.mapping import Mappings
from agent.normalize.shape import PROBLEMS, RAW_CELLS


def computed_columns(mappings: Mappings) -> frozenset[str]:
    """Their names, and those of all ECS fields, which are spelled right though nothing may fill them."""
    fields = {
        target.field
        for mapping in (*mappings.all(), *mappings.shared.values())
        for column in mapping.header
        if (target := mapping.target(column, mapping.header)) is not None
    }
    fields |= {target.field for mapping in mappings.shared.values() for target in mapping.targets.values()}
    derived = {derived.field for mapping in (*mappings.all(), *mappings.shared.values()) for derived in mapping.derived}
    enriched = {
        KIND, CORPORATE, ANONYMIZER, ANY_ANONYMIZER, APPROVED, CLIENT_KIND, APPLICATION, LOCAL_HOUR, GUEST, WHO, *COUNTS,
        DOORS, ACTIONS, ALSO_SEEN_IN, FOLDED, IMITATES, *(PREFIX + name for name in INDICATOR), EXPECTED, INTEGRATION, LEAVES_ON,
        LEAVING, LEFT, SIGN_IN, *AGENT, *COLUMNS, *TARGET_COLUMNS, *GEO_COLUMNS, *FIELDS,
        *SETUP,
    }  # fmt: skip
    related = {column for mapping in mappings.all() for column in mapping.header}
    named = {name for name in fields | derived | enriched | related if "." in name}
    return frozenset({*named, *mappings.ecs.fields, SERVICE, PROBLEMS, RAW_CELLS})
