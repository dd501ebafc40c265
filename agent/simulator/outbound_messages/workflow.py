"""Workflows whose action is an outbound message."""

from __future__ import annotations

from dataclasses import dataclass

from agent.simulator.world.record_id import long_id, short_id


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a change of a record leads to. Without `fields` the message has all that whoever triggers it gives."""

    entity: str
    number: int
    fields: tuple[str, ...] = ()
    includes_session: bool = False

    @property
    def action_id(self) -> str:
        """18 characters."""
        return long_id(short_id("OutboundMessageAction", self.number))


WORKFLOWS = (
    Workflow(
        "Invoice__c", 71, ("Amount__c", "LastModifiedById", "LastModifiedDate", "Name", "Status__c", "SystemModstamp"), includes_session=True,
    ),
    # What the org's own integrations write down when they fail; no time of a change among its fields.
    Workflow("Integration_Error__c", 72),
)  # fmt: skip


def workflow_of(entity: str) -> Workflow:
    """Raises ValueError for an object without a workflow."""
    for workflow in WORKFLOWS:
        if workflow.entity == entity:
            return workflow
    raise ValueError(f"no workflow watches {entity!r}; there are {', '.join(known.entity for known in WORKFLOWS)}")
