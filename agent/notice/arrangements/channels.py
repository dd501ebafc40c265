"""Settings of channels: over what people are told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.destinations.exchange import Endpoint
from agent.duration import PositiveDuration, at_most
from agent.name import Name
from agent.network.proxy import ProxySettings
from agent.network.server_address import HostName
from agent.network.tls import TlsSettings
from agent.secret import Secret

MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]\x00-\x1f\x7f]+@[^@\s<>,;:\"\\()\[\]\x00-\x1f\x7f]+")
"""Of a person or a list, without the name that may stand before it: nothing in it could begin another header."""


class _ChannelSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True)

    name: Name
    """What people's settings call it."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(minutes=2))] = timedelta(seconds=15)
    """How long one message may take until the other side has answered."""


class _HttpChannelSettings(_ChannelSettings):
    tls: TlsSettings = Field(default_factory=TlsSettings)
    """Whom to trust."""
    proxy: ProxySettings | None = None
    """The way out, where there is no direct one."""


class SmtpSettings(_ChannelSettings):
    """Mail."""

    type: Literal["smtp"]
    """Mail over SMTP."""
    host: HostName
    """The mail server that takes messages from this machine."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Its port: 587 with `starttls`, 465 with `implicit_tls`, else 25."""
    starttls: bool = True
    """Ask for TLS before anything else is said; without it nothing is sent."""
    implicit_tls: bool = False
    """TLS from the first byte, in place of STARTTLS."""
    tls: TlsSettings = Field(default_factory=TlsSettings)
    """Whom to trust."""
    username: str | None = None
    """With which to sign in; unless given, Leakline does not sign in."""
    password: Secret | None = None
    """Its password."""
    sender: str = Field(alias="from", pattern=r"^[^@\s]+@[^@\s]+$")
    """Whose name the messages bear, such as leakline@example.com."""
    to: list[str] = Field(default_factory=list)
    """Where each message goes in addition, such as a mailing list."""


class SlackSettings(_HttpChannelSettings):
    """Slack, by `chat.postMessage`."""

    type: Literal["slack"]
    """Slack."""
    token: Secret
    """A bot's token with the right `chat:write`."""
    channel: str = Field(min_length=1)
    """Where to write, such as `#security` or the id of a channel."""
    url: Endpoint = "https://slack.com"
    """Another server than Slack's own, such as one of GovSlack."""


class TeamsSettings(_HttpChannelSettings):
    """Microsoft Teams, by a workflow that starts when a webhook request is received."""

    type: Literal["teams"]
    """Microsoft Teams."""
    url: Secret
    """The workflow's URL, which is a secret: `{file: PATH}`, `{env: NAME}` or `{credential: NAME}`."""


class PagerDutySettings(_HttpChannelSettings):
    """PagerDuty, by its Events API v2."""

    type: Literal["pagerduty"]
    """PagerDuty."""
    routing_key: Secret
    """The integration key of a service with an integration of the type Events API v2."""
    url: Endpoint = "https://events.pagerduty.com"
    """Where events go; https://events.eu.pagerduty.com for accounts in the EU."""
    api_token: Secret | None = None
    """A key of the REST API that may read: with it an acknowledgement in PagerDuty is read back and counts here."""
    api_url: Endpoint = "https://api.pagerduty.com"
    """Where the REST API is; https://api.eu.pagerduty.com for accounts in the EU."""


class WebhookSettings(_HttpChannelSettings):
    """A signed request to a server of yours, in the form of Standard Webhooks."""

    type: Literal["webhook"]
    """A signed HTTP request."""
    url: Endpoint
    """Where it goes."""
    secret: Secret
    """What it is signed with: `whsec_` and 24 to 64 bytes in Base64. Several, with a blank between them, sign all."""


class AppriseSettings(_ChannelSettings):
    """Any service that the package apprise knows; it has to be installed besides."""

    type: Literal["apprise"]
    """A service of apprise."""
    url: Secret
    """apprise's URL of it, which holds secrets."""


class DestinationChannelSettings(_ChannelSettings):
    """An event to a destination of the settings, for a SIEM that notifies people."""

    type: Literal["destination"]
    """An event in the lane of alerts."""
    destination: str
    """The name of a destination that takes alerts."""


ChannelSettings = Annotated[
    SmtpSettings
    | SlackSettings
    | TeamsSettings
    | PagerDutySettings
    | WebhookSettings
    | AppriseSettings
    | DestinationChannelSettings,
    Field(discriminator="type"),
]
