"""What `leakline status` says of incidents: a line, and one for what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from agent.notice.incidents.incident import LEVELS
from agent.status.incidents import IncidentsStatus
from agent.status_document import StatusDocument
from agent.terminal import words
from agent.wording.moment import utc
from agent.wording.number import counted


def incident_lines(status: StatusDocument) -> Iterator[Text]:
    """Nothing while none is open."""
    levels, candidates, apart = Counter[str](), 0, Counter[str]()
    known = status.incidents or IncidentsStatus()
    for count in known.open:
        if count.origin != "live":
            apart[count.origin] += count.incidents
        elif count.state == "candidate":
            candidates += count.incidents
        else:
            levels[count.level] += count.incidents
    if not (levels or candidates or apart):
        return
    by_level = ", ".join(f"{levels[level]:,} {level}" for level in reversed(LEVELS) if levels[level])
    said = [f"{counted(levels.total(), 'incident')} open" + (f" ({by_level})" if by_level else "")]
    said += [counted(candidates, "candidate")] if candidates else []
    said += [f"{number:,} of {'a backfill' if origin == 'history' else 'drills'}" for origin, number in apart.items()]
    yield words(f"{', '.join(said)}: leakline incidents list")
    if known.oldest_unacknowledged is not None:
        since = utc(known.oldest_unacknowledged)
        yield words(f"{known.unacknowledged:,} not acknowledged; the oldest was opened {since}", "yellow")
