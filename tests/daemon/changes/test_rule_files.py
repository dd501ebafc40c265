"""Rule files under permissions: what weakens waits for votes, over reloads and restarts; the rest is in force at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.changes import rule_book
from agent.daemon.changes.change_writer import ChangeRefused
from agent.errors import SettingsError
from tests.daemon.changes.ruled import BURST, FILTER, RuledNode, rule

FIRST = {("first", "high")}


@pytest.fixture
def ruled(tmp_path: Path) -> Iterator[RuledNode]:
    ruled = RuledNode(tmp_path)
    ruled.write("first.yml", rule("first"))
    ruled.write("second.yml", rule("second", "bob"))
    ruled.start()
    yield ruled
    ruled.close()


def moved(ruled: RuledNode) -> None:
    (ruled.rules / "first.yml").unlink()
    ruled.write("other.yml", rule("first", "eve"))


WEAKER: dict[str, Callable[[RuledNode], object]] = {
    "deleted": lambda ruled: (ruled.rules / "first.yml").unlink(),
    "level lowered": lambda ruled: ruled.write("first.yml", rule("first", level="low")),
    "condition narrowed": lambda ruled: ruled.write("first.yml", rule("first", condition="sel and not sel")),
    "filter file added": lambda ruled: ruled.write("a_filter.yml", FILTER),
    "filter put beside another rule": lambda ruled: ruled.write("second.yml", rule("second", "bob") + "---\n" + FILTER),
    "moved to another file, and other": moved,
    "made the feeder of a correlation": lambda ruled: ruled.write("burst.yml", BURST),
    "samples in place of the rule": lambda ruled: (ruled.rules / "first.yml").rename(ruled.rules / "first.samples.yml"),
}
BROKEN: dict[str, Callable[[RuledNode], object]] = {
    "no YAML": lambda ruled: ruled.write("first.yml", "title: ["),
    "another rule with its id comes before it": lambda ruled: ruled.write("a.yml", rule("first", "eve")),
    "the folder is gone": lambda ruled: ruled.rules.rename(ruled.rules.with_name("gone")),
}


@pytest.mark.parametrize("edit", WEAKER.values(), ids=WEAKER.keys())
def test_what_weakens_stays_as_approved_and_is_asked_once(
    ruled: RuledNode, edit: Callable[[RuledNode], object]
) -> None:
    """However often the files are read, at a start as well."""
    assert ruled.alerting("ann") == FIRST
    edit(ruled)
    ruled.restart()
    assert ruled.alerting("ann") == FIRST
    for _ in range(10):
        ruled.reload()
    assert ruled.alerting("ann") == FIRST
    assert "rule_set[0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f000]" in ruled.problem()
    (change,) = ruled.desk.changes()
    assert (change.kind, change.way, change.change_class, change.state) == ("rules", "votes", "weaken", "open")


@pytest.mark.parametrize("edit", BROKEN.values(), ids=BROKEN.keys())
def test_what_does_not_load_stays_as_approved_at_a_start_too(
    ruled: RuledNode, edit: Callable[[RuledNode], object]
) -> None:
    """A reload keeps such files anyhow and says so by another problem; then there is nothing to vote on."""
    edit(ruled)
    for _ in range(2):
        ruled.restart()
        assert ruled.alerting("ann") == FIRST
        assert ruled.problem()
        ruled.reload()
        ruled.reload()
        assert ruled.alerting("ann") == FIRST
    assert {change.state for change in ruled.desk.changes()} <= {"void", "open"}


def test_other_files_apply_while_one_is_held(ruled: RuledNode) -> None:
    """What is held is what the weaker rule is made of."""
    ruled.write("first.yml", rule("first", "nobody"))
    ruled.write("third.yml", rule("third", "eve"))
    ruled.reload()
    assert ruled.alerting("ann") == FIRST
    assert ruled.alerting("eve") == {("third", "high")}
    assert re.search(r"files: \S+first\.yml$", ruled.problem())


def test_approved_files_are_in_force(ruled: RuledNode) -> None:
    """By two people, one of them of privacy; after the restart that this asks for."""
    ruled.write("first.yml", rule("first", level="low"))
    ruled.reload()
    (change,) = ruled.desk.changes()
    assert ruled.vote("alma", change).state == "open"
    assert ruled.restarts == []
    assert ruled.vote("paul", change).state == "applied"
    assert len(ruled.restarts) == 1
    ruled.restart()
    assert ruled.alerting("ann") == {("first", "low")}
    assert ruled.problem() == ""
    assert len(ruled.desk.changes()) == 1
    assert ruled.desk.document(change)["marks"][change.differences[0].path[9:45]]["level"] == "low"


def test_what_is_rejected_stays_held_and_is_not_asked_again(ruled: RuledNode) -> None:
    """The problem stays as well."""
    ruled.write("first.yml", rule("first", level="low"))
    ruled.reload()
    (change,) = ruled.desk.changes()
    ruled.vote("olaf", change, approves=False)
    ruled.reload()
    ruled.restart()
    assert ruled.alerting("ann") == FIRST
    assert ruled.problem()
    assert [found.state for found in ruled.desk.changes()] == ["rejected"]


def test_files_edited_again_are_another_request(ruled: RuledNode) -> None:
    """The one before is void; put back, there is none."""
    ruled.write("first.yml", rule("first", level="low"))
    ruled.reload()
    (before,) = ruled.desk.changes()
    ruled.write("first.yml", rule("first", level="medium"))
    ruled.reload()
    assert [found.state for found in ruled.desk.changes()] == ["void", "open"]
    with pytest.raises(ChangeRefused, match="void already"):
        ruled.vote("paul", before)
    ruled.write("first.yml", rule("first"))
    ruled.reload()
    assert [found.state for found in ruled.desk.changes()] == ["void", "void"]
    assert ruled.problem() == ""


def test_new_and_graver_rules_are_in_force_and_recorded(ruled: RuledNode) -> None:
    """Once, as an upgrade; from then on they are approved too."""
    ruled.write("third.yml", rule("third", "eve"))
    ruled.write(
        "first.yml", rule("first", level="critical").replace("status: test", "description: graver\nstatus: test")
    )
    ruled.reload()
    ruled.restart()
    assert ruled.alerting("eve") == {("third", "high")}
    assert ruled.alerting("ann") == {("first", "critical")}
    (change,) = ruled.desk.changes()
    assert (change.way, change.change_class, change.state) == ("upgrade", "strengthen", "applied")
    (ruled.rules / "third.yml").unlink()
    ruled.restart()
    assert ruled.alerting("eve") == {("third", "high")}


def test_without_permissions_the_files_count(tmp_path: Path) -> None:
    """And nothing is kept of them."""
    ruled = RuledNode(tmp_path, has_permissions=False)
    ruled.write("first.yml", rule("first"))
    ruled.start()
    ruled.write("first.yml", rule("first", level="low"))
    ruled.reload()
    assert ruled.alerting("ann") == {("first", "low")}
    assert (ruled.problem(), ruled.desk.changes()) == ("", [])
    assert rule_book.in_force(ruled.node.shards[""].desk.recall) is None
    ruled.close()


def test_a_damaged_rule_file_in_the_state_is_no_rule(ruled: RuledNode) -> None:
    """The start is refused: nothing else says what was approved."""
    with ruled.node.shards[""].desk.changing() as writing:
        for key in list(writing.recall.keys(rule_book.CONTENT)):
            writing.apply({key: b"damaged"})
    ruled.write("first.yml", rule("first", level="low"))
    with pytest.raises(SettingsError, match="is not as it was approved"):
        ruled.reload()
    assert ruled.alerting("ann") == FIRST
    ruled.close()
    with pytest.raises(SettingsError, match="is not as it was approved"):
        ruled.start()
    (ruled.rules / "first.yml").write_text(rule("first"))
    ruled.start()
    assert ruled.alerting("ann") == FIRST
