"""The settings `notice`: over what people are notified."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes.classes.containers import Group, Members, NamedList
from agent.changes.classes.directions import any_weakens, smaller_weakens
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import span
from agent.changes.classes.tables.connections import LEADS, proxy, secret, tls

REFUSED = "The server could refuse the message."

LINES: Sequence[Line] = (
    Line("notice.channels", NamedList(), "Messages reach people over channels."),
    Line("notice.channels[].name", any_weakens, "By this name people and canaries find the channel."),
    Line("notice.channels[].type", any_weakens, "Another kind of channel leads to another place."),
    Line(
        "notice.channels[].timeout", smaller_weakens(span, larger="neutral"), "A slow server has not answered by then."
    ),
    *tls("notice.channels[].tls"),
    *proxy("notice.channels[].proxy"),
    # Mail
    Line("notice.channels[].host", any_weakens, LEADS),
    Line("notice.channels[].port", any_weakens, LEADS),
    Line(
        "notice.channels[].starttls", any_weakens, "Without TLS messages can be read; with it a server may refuse them."
    ),
    Line(
        "notice.channels[].implicit_tls",
        any_weakens,
        "Without TLS messages can be read; with it a server may refuse them.",
    ),
    Line("notice.channels[].username", any_weakens, REFUSED),
    *secret("notice.channels[].password"),
    Line("notice.channels[].from", any_weakens, "Mail of another sender could be refused or be sorted away."),
    Line("notice.channels[].to", Members(), "Each message goes to these addresses too."),
    # Slack, Teams, webhooks, apprise
    *secret("notice.channels[].token"),
    Line("notice.channels[].channel", any_weakens, LEADS),
    Line("notice.channels[].url", Group(added="weaken"), LEADS),
    *(Line(f"notice.channels[].url.{key}", any_weakens, LEADS) for key in ("credential", "file", "env")),
    *secret("notice.channels[].secret"),
    # PagerDuty
    *secret("notice.channels[].routing_key"),
    *secret("notice.channels[].api_token"),
    Line("notice.channels[].api_url", any_weakens, "From there acknowledgements are read."),
    # A destination
    Line("notice.channels[].destination", any_weakens, LEADS),
)
