"""Whether the destinations that channels name are there, and take alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.delivery_settings import DeliverySettings
from agent.notice.arrangements.channels import DestinationChannelSettings
from agent.notice.settings import NoticeSettings


def wrong_destinations(notice: NoticeSettings | None, destinations: Mapping[str, DeliverySettings]) -> Iterator[str]:
    """A sentence for each channel that could reach nobody. `destinations`: by name."""
    for channel in notice.channels if notice else ():
        if not isinstance(channel, DestinationChannelSettings):
            continue
        place = f"notice.channels: {channel.name} names the destination {channel.destination!r}"
        found = destinations.get(channel.destination)
        if found is None:
            yield f"{place}, which is not under `destinations`; write one of {', '.join(destinations)}"
        elif found.orgs is not None:
            yield f"{place}, which does not get Leakline's own events because it has `orgs`; name another one"
        elif "alerts" not in getattr(found, "lanes", ("alerts",)):
            yield f"{place}, which does not get alerts; name another one, or add `alerts` to its `lanes`"
