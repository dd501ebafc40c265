"""Managed subscriptions: the org remembers how far a client got (ManagedEventSubscription metadata, API v60)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from agent.simulator.pubsub.refusal import Refusal

ID_LENGTHS = (15, 18)

Preset = Literal["LATEST", "EARLIEST"]


@dataclass(slots=True)
class ManagedSubscription:
    """What an administrator has set up, and where its client is."""

    id: str
    developer_name: str
    channel: str
    state: Literal["RUN", "STOP", "DELETED"] = "RUN"
    default_replay: Preset = "LATEST"
    """Where a client begins that has committed nothing."""
    error_recovery_replay: Preset = "LATEST"
    """Where it begins when what it committed is too old."""
    committed: bytes = b""
    """The last replay id that was committed; empty: none."""
    active: bool = False

    def stop(self) -> None:
        """As the state STOP: the commit is forgotten."""
        self.state = "STOP"
        self.committed = b""


class ManagedSubscriptions:
    """Those of the org; one for each channel is there from the start, `Managed_<channel>`."""

    def __init__(self, channels: Iterable[str]) -> None:
        self.all = [
            ManagedSubscription(f"18xSM{number:010}AAA", f"Managed_{channel}", channel)
            for number, channel in enumerate(channels, 1)
        ]

    def find(self, ident: str, developer_name: str) -> ManagedSubscription:
        """By exactly one of the two. Raises Refusal, as for one that is not to be used now."""
        if bool(ident) == bool(developer_name):
            raise Refusal("managed.subscription.id.or.developer.name.empty")
        if ident and len(ident) not in ID_LENGTHS:
            raise Refusal("managed.subscription.subscription.id.invalid")
        for subscription in self.all:
            if developer_name == subscription.developer_name or (ident and subscription.id.startswith(ident[:15])):
                return _usable(subscription)
        kind = "subscription.id" if ident else "developer.name"
        raise Refusal(f"managed.subscription.{kind}.not.found")


def _usable(subscription: ManagedSubscription) -> ManagedSubscription:
    if subscription.state == "DELETED":
        raise Refusal("managed.subscription.config.deleted")
    if subscription.state == "STOP":
        raise Refusal("managed.subscription.config.stopped")
    if subscription.active:
        raise Refusal("managed.subscription.already.active")
    return subscription
