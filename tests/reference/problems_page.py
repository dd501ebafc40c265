"""docs/reference/problems.md: every kind of problem, from `agent.problem`."""

from __future__ import annotations

import re
from pathlib import Path

from agent.problem_kinds import KINDS
from tests.reference.table import slug, table, written_by

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"

ENDS = {"itself": "when what failed works again", "person": "when a person settles or acknowledges it"}


def _sections() -> dict[str, str]:
    """The section of operating.md about each kind, as links name it."""
    headings = re.findall(r"^#+ (.*)$", OPERATING.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: slug(heading) for heading in headings for name in re.findall(r"[a-z-]+", heading) if name in KINDS}


def page() -> str:
    rows, sections = [], _sections()
    for name, kind in sorted(KINDS.items()):
        ends = ENDS[kind.clears] + (", or on acknowledgement" if kind.ends_on_word else "")
        over = " or ".join(f"`{action}`" for action in (kind.over, kind.also_over) if action)
        rows.append((f"[`{name}`](../operating.md#{sections[name]})", ends, over, kind.fix))
    return "\n".join(
        [
            "# Problems\n",
            written_by("the code"),
            (
                "For operators. The name of a kind is `kind` in `leakline status --json`, the label of `leakline_problems`, and the"
                " `event.action` of the event that reports it. [operating.md](../operating.md) says what each of them looks like and"
                " means.\n"
            ),
            table(("kind", "ends", "event of its end", "what to do"), rows),
        ]
    )
