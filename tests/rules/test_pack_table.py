"""What docs/detection.md says of the pack is so."""

import re
from dataclasses import replace

import pytest

from tests.rules.pack_table import PAGE, renewed, shipped, table, written


def test_the_page_counts_the_rules_that_are_there() -> None:
    """If this fails: `make pack-table`."""
    assert written(PAGE.read_text(encoding="utf-8")) == table(shipped())


def test_every_rule_is_counted_once_in_each_part_of_the_table() -> None:
    """Levels add up to the number of rules, and so do feeds, in every line."""
    head, _, *lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(shipped()).splitlines()]
    feeds = head.index("free")
    for line in lines:
        counts = [int(cell or 0) for cell in line[1:]]
        assert sum(counts[: feeds - 1]) == sum(counts[feeds - 1 : -1]) == counts[-1], line
    assert int(lines[-1][-1]) == len(shipped()) == sum(int(line[-1]) for line in lines[:-1])


def test_the_pack_is_as_large_as_promised_and_has_rules_for_every_licence() -> None:
    """At least eighty rules; an org without a paid log has a part of them."""
    rules = shipped()
    assert len(rules) >= 80
    assert {rule.feed for rule in rules} == {"free", "event_monitoring", "real_time"}
    assert {rule.family for rule in rules} == {
        "access", "configuration", "exfiltration", "provisioning", "synchronisation",
    }  # fmt: skip


def test_a_changed_level_changes_the_table() -> None:
    """So that the comparison above can fail."""
    first, *rest = shipped()
    assert table([replace(first, level="informational"), *rest]) != table([first, *rest])


def test_only_the_table_is_written_anew() -> None:
    """What stands around it stays, and a page without a place for it is refused."""
    before = "a\n<!-- pack-table -->\nold\n<!-- /pack-table -->\nb\n"
    assert renewed(before, "new \\1\n") == before.replace("old", "new \\1")
    with pytest.raises(ValueError, match=re.escape("<!-- pack-table -->")):
        renewed("a\n", "new\n")
