"""`make pack-table`: counts the shipped rules by family, level and feed, and writes the table into docs/detection.md.

Rules that only feed correlations raise no alerts and are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.detection import load
from agent.detection.authoring.listing import RuleCounts, RuleRow, counts_by_family, listing
from agent.detection.sigma.rule import SEVERITY

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "detection.md"
LEVELS = sorted(SEVERITY, key=lambda level: -SEVERITY[level])
FEEDS = {"free": "free", "event_monitoring": "Event Monitoring", "real_time": "real-time events"}
"""Values of `leakline.feed` to the heads of their columns."""

_PLACE = re.compile(r"(<!-- pack-table -->\n).*?(<!-- /pack-table -->)", re.DOTALL)


def shipped() -> list[RuleRow]:
    """The rules of the pack that raise alerts."""
    return listing(load.load([ROOT / "rules"]))


def table(rules: Sequence[RuleRow]) -> str:
    """Families down, levels and feeds across, sums last. A level that no rule has is left out."""
    levels = [level for level in LEVELS if any(rule.level == level for rule in rules)]
    head = ["family", *levels, *FEEDS.values(), "rules"]
    return "\n".join(_markdown([head, *(_line(tally, levels) for tally in counts_by_family(rules))])) + "\n"


def _line(tally: RuleCounts, levels: Sequence[str]) -> list[str]:
    counts = [*(tally.levels[level] for level in levels), *(tally.feeds[feed] for feed in FEEDS), tally.rules]
    return [tally.name, *(str(count or "") for count in counts)]


def _markdown(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    head, *rest = lines
    yield f"| {' | '.join(head)} |"
    yield "|---|" + "--:|" * (len(head) - 1)
    yield from (f"| {' | '.join(line)} |" for line in rest)


def written(page: str) -> str:
    """The table as it stands in a text. Raises ValueError if it has no place for one."""
    return _found(page)[0].removeprefix("<!-- pack-table -->\n").removesuffix("<!-- /pack-table -->")


def renewed(page: str, text: str) -> str:
    """The page with this table in the place of the old one. Raises ValueError."""
    _found(page)
    return _PLACE.sub(lambda match: match[1] + text + match[2], page)


def _found(page: str) -> re.Match[str]:
    found = _PLACE.search(page)
    if found is None:
        raise ValueError("no place for the table: <!-- pack-table --> and <!-- /pack-table --> are missing")
    return found


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), table(shipped())), encoding="utf-8")
