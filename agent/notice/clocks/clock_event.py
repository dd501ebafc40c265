"""What is said of a clock in the SIEM, beside what is said of its incident."""

from __future__ import annotations

from agent.notice.clock import Clock
from agent.own_event import EventValue


def fields(clock: Clock) -> dict[str, EventValue]:
    """By dotted names; what is empty or not known is left out."""
    found: dict[str, EventValue | None] = {
        "leakline.clock.regime": clock.regime,
        "leakline.clock.obligation": clock.obligation,
        "leakline.clock.stage": clock.stage,
        "leakline.clock.recipient": clock.recipient,
        "leakline.clock.state": clock.state,
        "leakline.clock.anchor": clock.anchor,
        "leakline.clock.due": clock.due,
        "leakline.clock.shadow_due": clock.shadow_due,
        "leakline.clock.presumed": clock.presumed,
        "leakline.clock.policy": clock.policy,
    }
    return {name: value for name, value in found.items() if value is not None and value != ""}
