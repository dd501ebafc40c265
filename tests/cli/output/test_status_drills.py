"""What `leakline status` says of drills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent.cli.output.status_parts.drill_lines import drill_lines
from agent.status.drills import DrillsStatus, NewestDrill
from agent.status_document import StateStatus, StatusDocument, decode, encode

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
NEWEST = NewestDrill("D-2026-0004", "org_export", "failed", AT)
DOCUMENT = StatusDocument("1.0", StateStatus("state", 0, 0), running=True, balanced=True, problems=())


@pytest.mark.parametrize(
    ("drills", "said"),
    [
        (None, []),
        (DrillsStatus(overdue=2), ["drills: none has ended yet, 2 overdue"]),
        (
            DrillsStatus(running="token_recon", waiting=3, passed=7, failed=["a", "b", "c", "d"], newest=NEWEST),
            [
                (
                    "drills: 7 passed at their last run, 4 failed (a, b, c and 1 more), token_recon runs and 3 wait, "
                    "the newest is D-2026-0004 (org_export), failed 2026-11-27 09:00 UTC"
                )
            ],
        ),
    ],
)
def test_one_line_says_how_drills_ended(drills: DrillsStatus | None, said: list[str]) -> None:
    """Those that failed by name, a few of them; nothing where there are no drills."""
    document = replace(DOCUMENT, drills=drills)
    assert [line.plain for line in drill_lines(decode(encode(document)))] == said
