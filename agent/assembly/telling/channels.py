"""A channel for each of the settings."""

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
from agent.notice.channels.apprise_service import AppriseChannel
from agent.notice.channels.channel import Channel
from agent.notice.channels.destination import Announce, DestinationChannel
from agent.notice.channels.pagerduty import PagerDutyChannel
from agent.notice.channels.slack import SlackChannel
from agent.notice.channels.smtp import SmtpChannel
from agent.notice.channels.teams import TeamsChannel
from agent.notice.channels.webhook import WebhookChannel


def build_channel(settings: ChannelSettings, announce: Announce, now: Callable[[], datetime]) -> Channel:
    """Nothing is asked of anybody yet. `announce`: of the process's own events."""
    match settings:
        case SmtpSettings():
            return SmtpChannel(settings)
        case SlackSettings():
            return SlackChannel(settings)
        case TeamsSettings():
            return TeamsChannel(settings)
        case PagerDutySettings():
            return PagerDutyChannel(settings)
        case WebhookSettings():
            return WebhookChannel(settings, now)
        case AppriseSettings():
            return AppriseChannel(settings)
        case DestinationChannelSettings():
            return DestinationChannel(settings, announce)
