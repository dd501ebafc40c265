"""A loop for each channel of PagerDuty that can be asked who acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from agent.daemon.sending.read_back import Acknowledge, PagerDutyLoop
from agent.notice.arrangements.channels import PagerDutySettings
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.settings import NoticeSettings


def read_back_loops(
    notice: NoticeSettings | None,
    desks: Callable[[], Mapping[str, IncidentDesk]],
    acknowledge: Acknowledge,
    stop: threading.Event,
) -> dict[str, PagerDutyLoop]:
    """By the name of its thread; empty where no channel has an `api_token`. Parameters: see `PagerDutyLoop`."""
    return {
        f"pagerduty {settings.name}": PagerDutyLoop(PagerDuty(settings), desks, acknowledge, stop)
        for settings in (notice.channels if notice else ())
        if isinstance(settings, PagerDutySettings) and settings.api_token is not None
    }
