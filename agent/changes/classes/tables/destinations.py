"""The destinations that mirror checkpoints: copies outside are what proves that the trail was not rewritten."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.containers import Entries, Group, Members, NamedList
from agent.changes.classes.directions import (
    ValueChange,
    any_is_neutral,
    any_weakens,
    larger_weakens,
    only_to,
    smaller_weakens,
)
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import endless, number, on, span
from agent.changes.classes.tables.connections import LEADS, SHOWS, proxy, secret, tls

FINDS = "Searches and rules at the receiver find what is sent by it."
SIZE = "How much is sent at a time changes nothing about what is sent."
ROOM = "The less room there is, the sooner what waits is set aside or lost."


def _keys(keys: Sequence[str], reason: str) -> list[Line]:
    return [Line(f"destinations[].{key}", any_weakens, reason) for key in keys]


def host(change: ValueChange) -> ChangeClass:
    """Splunk's is only a field, which is the machine's name unless it is set: a machine that is renamed loses nothing."""
    types = change.beside_before.get("type"), change.beside_after.get("type")
    return "neutral" if types == ("splunk", "splunk") else "weaken"


DELIVERY: Sequence[Line] = (
    Line(
        "destinations[].orgs",
        Members(empty_is_all="strengthen"),
        "A destination with orgs gets no checkpoints, and nothing of other orgs.",
    ),
    Line("destinations[].when_full", any_weakens, "It decides what is set aside when the receiver is slow."),
    Line("destinations[].quota_mb", smaller_weakens(number), ROOM),
    Line("destinations[].aside_quota_mb", smaller_weakens(number), ROOM),
    Line("destinations[].when_aside_full", only_to("pause"), "With drop the oldest rows are lost."),
    Line("destinations[].longest_pause", larger_weakens(span), "The longer it is, the later a copy is outside."),
    Line("destinations[].refusals", Group(), "A destination that refuses too much is stopped."),
    Line(
        "destinations[].refusals.share", any_weakens, "A stopped destination has no copies, and a refused row is lost."
    ),
    Line(
        "destinations[].refusals.rows", any_weakens, "A stopped destination has no copies, and a refused row is lost."
    ),
)

FORM: Sequence[Line] = (
    Line("destinations[].format", any_weakens, FINDS),
    Line("destinations[].cef", Group(), "Lines in CEF have all of an event unless it is left out here."),
    Line("destinations[].cef.own_keys", smaller_weakens(on), "Without them most of an event is missing."),
    Line("destinations[].cef.leave_out", Members(added="weaken", removed="strengthen"), "These fields are missing."),
    Line("destinations[].max_bytes", any_is_neutral, SIZE),
    Line("destinations[].max_rows", any_is_neutral, SIZE),
    Line("destinations[].max_row_bytes", smaller_weakens(number, larger="neutral"), "Longer events are shortened."),
    Line(
        "destinations[].too_long", any_is_neutral, "Alerts and checkpoints are always shortened, and none is kept back."
    ),
    Line("destinations[].gzip", any_is_neutral, "What is compressed says the same."),
    Line(
        "destinations[].timeout", smaller_weakens(span, larger="neutral"), "A slow receiver has not answered by then."
    ),
)

LINES: Sequence[Line] = (
    Line("destinations", NamedList(), "Each one has a copy of the checkpoints outside."),
    Line("destinations[].name", any_weakens, "By its name a destination is found, with what waits for it."),
    Line("destinations[].type", any_weakens, "Another kind of destination is another place."),
    Line("destinations[].lanes", Members(), "Checkpoints are in the lane of alerts."),
    *DELIVERY,
    *FORM,
    *tls("destinations[].tls"),
    *proxy("destinations[].proxy"),
    # Files
    Line("destinations[].directory", any_weakens, LEADS),
    Line("destinations[].rotate_bytes", any_is_neutral, "A file that is set aside is kept."),
    Line("destinations[].rotate_every", any_is_neutral, "A file that is set aside is kept."),
    Line("destinations[].compress", any_is_neutral, "What is compressed says the same."),
    Line(
        "destinations[].keep",
        smaller_weakens(endless(number)),
        "The fewer files are kept, the sooner copies are deleted.",
    ),
    # Splunk and Elastic
    *_keys(("url", "index", "namespace"), LEADS),
    *_keys(("sourcetype", "source"), FINDS),
    Line("destinations[].host", host, "It is the receiver of syslog; for Splunk it follows the name of the machine."),
    Line("destinations[].fields", Entries(), FINDS),
    Line("destinations[].fields.*", any_weakens, FINDS),
    *secret("destinations[].token"),
    *secret("destinations[].api_key"),
    Line("destinations[].username", any_weakens, SHOWS),
    *secret("destinations[].password"),
    *secret("destinations[].bearer"),
    Line(
        "destinations[].acknowledgements", smaller_weakens(on), "Without them what an indexer lost is not sent again."
    ),
    Line("destinations[].acknowledgement_timeout", any_is_neutral, "After it the same is sent again."),
    Line("destinations[].partial_acceptance", any_weakens, "With the wrong answer rows are lost."),
    # Syslog
    Line("destinations[].port", any_weakens, LEADS),
    Line(
        "destinations[].transport",
        any_weakens,
        "Only TLS shows that the receiver is the right one, and UDP loses messages.",
    ),
    *_keys(("protocol", "framing", "byte_order_mark"), "The receiver could fail to read another form."),
    *_keys(("facility", "application", "enterprise_number"), FINDS),
    Line("destinations[].hostname", any_is_neutral, "Unless it is set it follows the name of the machine."),
    Line(
        "destinations[].resend_bytes",
        smaller_weakens(number),
        "The less is sent again, the more a broken connection loses.",
    ),
    Line("destinations[].rate", any_weakens, "A higher rate loses messages, and a lower one delays them."),
)
