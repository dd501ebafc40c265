"""From a channel's settings to the channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.notice.arrangements.channels import (
    AppriseSettings,
    ChannelSettings,
    DestinationChannelSettings,
    PagerDutySettings,
    SlackSettings,
    SmtpSettings,
    TeamsSettings,
    WebhookSettings,
)
from agent.notice.channels.apprise_service import AppriseService
from agent.notice.channels.channel import Channel
from agent.notice.channels.destination import Announce, DestinationChannel
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.channels.slack import Slack
from agent.notice.channels.smtp import Smtp
from agent.notice.channels.teams import Teams
from agent.notice.channels.webhook import Webhook


def build_channel(settings: ChannelSettings, now: Callable[[], datetime], announce: Announce) -> Channel:
    """One channel, not connected to anything; its secrets are read when they are needed.

    `announce`: stores an event of Leakline's own, as `Problems.announce` of the process does.
    """
    match settings:
        case SmtpSettings():
            return Smtp(settings)
        case SlackSettings():
            return Slack(settings)
        case TeamsSettings():
            return Teams(settings)
        case PagerDutySettings():
            return PagerDuty(settings)
        case WebhookSettings():
            return Webhook(settings, now)
        case AppriseSettings():
            return AppriseService(settings)
        case DestinationChannelSettings():
            return DestinationChannel(settings, announce)
