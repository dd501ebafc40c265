"""The deadlines that were computed by hand, as an incident's clocks have them after a restart."""

from datetime import UTC, datetime

import pytest

from agent.notice.deadlines import DETECTED
from agent.notice.incidents.incident import Settlement
from agent.notice.regimes.model import PRIOR_STAGE
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.conftest import Begin
from tests.notice.test_vectors import VECTORS, Vector

PACK = shipped().pack
STRICT = [pytest.param(vector, id=vector.name) for vector in VECTORS if not vector.reading]


@pytest.mark.parametrize("vector", STRICT)
def test_a_clock_has_the_date_computed_by_hand(begin: Begin, vector: Vector) -> None:
    """To the second, from what was declared, and where nothing was from the detection."""
    regime = PACK.regime(vector.regime)
    assert regime is not None
    roles = [vector.role] if vector.role else list(regime.all_roles)
    settings = NoticeSettings(
        zone=vector.zone or None,
        jurisdictions=list(regime.jurisdictions),
        roles=roles,
        sectors=list(regime.sectors),
    )
    anchors = {name: datetime.fromisoformat(time).astimezone(UTC) for name, time in vector.anchors.items()}
    life = begin(settings, now=min(anchors.values()))
    life.open()
    for name, time in sorted(anchors.items(), key=lambda item: item[1]):
        life.pass_to(time)
        if name.startswith(PRIOR_STAGE):
            stage = f"{regime.id}/{name.removeprefix(PRIOR_STAGE)}"
            life.settle(stage, Settlement("sent", time, "dora", time, receipt="case 17"))
        elif name != DETECTED:
            life.declare(name, time)
    life.learn({name: value == "true" for name, value in (fact.split("=") for fact in vector.facts)})
    life.restart()
    clock = life.clock(f"{regime.id}/{vector.obligation}")
    found = clock.due if clock.due is not None or DETECTED not in anchors else clock.shadow_due
    assert found == datetime.fromisoformat(vector.due)
