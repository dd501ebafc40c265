"""What Salesforce's own threat detection says of a scenario: findings that come as real-time events and in no log file.

What a score means differs from event to event; those here are percentages, and 1 for credential stuffing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage


def found(
    stage: Stage, name: str, session: UserSession, seconds: float, score: float, summary: str, *,
    data: Mapping[str, object] | None = None, **fields: object,
) -> None:  # fmt: skip
    """A finding such as `ApiAnomalyEvent`, and a moment later the same as UniversalAnomalyEvent.

    `data`: what SecurityEventData says in JSON; `fields`: what this kind of finding has beside the common ones.
    """
    features = [
        {"featureName": feature, "featureValue": str(value), "featureContribution": "50 %"}
        for feature, value in (data or {}).items()
    ]
    common = {"Score": score, "Summary": summary, "SecurityEventData": json.dumps(features) if features else None}
    stage.tell(name, session, seconds, **common, **fields)
    kind = name.removesuffix("Event")
    stage.tell("UniversalAnomalyEvent", session, seconds + 1.5, AnomalySubType=kind, **common)
