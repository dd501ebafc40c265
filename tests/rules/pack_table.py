"""`make pack-table`: counts the shipped rules by family, level and feed, and writes the table into README.md.

Rules that only feed correlations raise no alerts and are not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.detection import load
from agent.detection.listing import Listed, listing
from agent.detection.rule import SEVERITY

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
LEVELS = sorted(SEVERITY, key=lambda level: -SEVERITY[level])
FEEDS = {"free": "free", "event_monitoring": "Event Monitoring", "shield": "Shield"}
"""Values of `leakline.feed` to the heads of their columns."""

_PLACE = re.compile(r"(<!-- pack-table -->\n).*?(<!-- /pack-table -->)", re.DOTALL)


def shipped() -> list[Listed]:
    """The rules of the pack that raise alerts."""
    return listing(load.load([ROOT / "rules"]))


def table(rules: Sequence[Listed]) -> str:
    """Families down, levels and feeds across, sums last. A level that no rule has is left out."""
    levels = [level for level in LEVELS if any(rule.level == level for rule in rules)]
    lines = [["family", *levels, *FEEDS.values(), "rules"]]
    for family in sorted({rule.family for rule in rules}):
        lines.append(_line(family, [rule for rule in rules if rule.family == family], levels))
    lines.append(_line("all", rules, levels))
    return "\n".join(_markdown(lines)) + "\n"


def _line(head: str, rules: Sequence[Listed], levels: Sequence[str]) -> list[str]:
    by_level, by_feed = Counter(rule.level for rule in rules), Counter(rule.feed for rule in rules)
    counts = [*(by_level[level] for level in levels), *(by_feed[feed] for feed in FEEDS), len(rules)]
    return [head, *(str(count or "") for count in counts)]


def _markdown(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    head, *rest = lines
    yield f"| {' | '.join(head)} |"
    yield "|---|" + "--:|" * (len(head) - 1)
    yield from (f"| {' | '.join(line)} |" for line in rest)


def written(readme: str) -> str:
    """The table as it stands in a text. Raises ValueError if it has no place for one."""
    return _found(readme)[0].removeprefix("<!-- pack-table -->\n").removesuffix("<!-- /pack-table -->")


def renewed(readme: str, text: str) -> str:
    """A README with this table in the place of the old one. Raises ValueError."""
    _found(readme)
    return _PLACE.sub(lambda match: match[1] + text + match[2], readme)


def _found(readme: str) -> re.Match[str]:
    found = _PLACE.search(readme)
    if found is None:
        raise ValueError("no place for the table: <!-- pack-table --> and <!-- /pack-table --> are missing")
    return found


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8"), table(shipped())), encoding="utf-8")
