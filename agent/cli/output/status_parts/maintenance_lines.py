"""What `leakline status` says of maintenance: a line while a window is open."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from agent.status_document import StatusDocument
from agent.terminal import words
from agent.wording.moment import utc


def maintenance_lines(status: StatusDocument) -> Iterator[Text]:
    """Nothing while none is open."""
    if status.maintenance is not None:
        until, who = utc(status.maintenance.until), status.maintenance.by
        yield words(f"maintenance until {until}, by {who}: {status.maintenance.reason}", "yellow")
