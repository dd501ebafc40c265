"""Rule files against those that are approved: where rules would become weaker, the files stay as they were approved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.assembly.rule_approval.rule_marks import file_digests, marked, name_of, path_of
from agent.changes import rule_book
from agent.changes.book import DamagedBook
from agent.changes.classes.change_class import Difference
from agent.changes.classes.rule_set import RuleMark, rule_differences
from agent.changes.rule_book import ApprovedRules
from agent.detection.load import file_data
from agent.detection.rule_files import RuleReload
from agent.detection.sigma.cache import digest
from agent.store.state import StateRecall

Held = Mapping[Path, bytes | None]
"""What is read in place of a file; None: it counts as empty."""


@dataclass(frozen=True, slots=True)
class RuleStand:
    """What the folders have that is not approved."""

    base: str
    """SHA-256 of the approved set; empty where none is recorded yet."""
    found: ApprovedRules
    """What the folders have."""
    contents: Mapping[str, bytes]
    """Of its files, by digest."""
    differences: Sequence[Difference]
    held: Sequence[str]
    """Names of files that are not as the folders have them, since something would become weaker."""


def settled(
    read: Callable[[Held], RuleReload], places: Sequence[Path], recall: StateRecall | None
) -> tuple[RuleReload, RuleStand | None]:
    """The rules in use, and what of the folders is not approved: None where all is. `read`: reads the folders; `recall`: of the
    process's own shard, None without permissions. Raises DamagedBook.
    """
    disk = read({})
    if recall is None:
        return disk, None
    known = rule_book.in_force(recall)
    approved = rule_book.rules(recall, known.sha256) if known is not None else ApprovedRules({}, {}, {})
    if known is not None and file_digests(disk) == approved.files:
        return disk, None
    contents = _contents(disk, {}, recall)
    found = marked(disk, contents)
    kept = {digest(data): data for data in contents.values()}
    if known is None:
        return disk, RuleStand("", found, kept, [], [])
    before = _in_places(approved, places)
    differences = rule_differences(before, found.marks)
    weak = _weak(before, found.marks)
    if not weak:
        return disk, RuleStand(known.sha256, found, kept, differences, [])
    held = _held(_names(weak, approved, found), approved, found, recall)
    result = read(held)
    if _weak(before, marked(result, _contents(result, held, recall)).marks):
        names = {name for name in approved.files if _is_in(path_of(name), places)}
        held = _held([*names, *found.files], approved, found, recall)
        result = read(held)
    return result, RuleStand(known.sha256, found, kept, differences, sorted(map(name_of, held)))


def _in_places(approved: ApprovedRules, places: Sequence[Path]) -> dict[str, RuleMark]:
    """Of folders that the settings still name: which they name is approved with the settings."""
    return {
        rule_id: mark
        for rule_id, mark in approved.marks.items()
        if _is_in(path_of(approved.made_of[rule_id][0]), places)
    }


def _is_in(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _weak(before: Mapping[str, RuleMark], after: Mapping[str, RuleMark]) -> list[str]:
    """Ids of rules that would become weaker."""
    return [
        rule_id
        for rule_id, mark in before.items()
        if any(
            found.change_class == "weaken"
            for found in rule_differences({rule_id: mark}, {rule_id: after[rule_id]} if rule_id in after else {})
        )
    ]


def _names(weak: Sequence[str], approved: ApprovedRules, found: ApprovedRules) -> list[str]:
    """Of the files that decide what these rules match, or did."""
    return [name for rule_id in weak for made in (approved, found) for name in made.made_of.get(rule_id, ())]


def _held(names: Sequence[str], approved: ApprovedRules, found: ApprovedRules, recall: StateRecall) -> Held:
    """Approved bytes of those that differ, and nothing in place of new ones."""
    held = dict[Path, bytes | None]()
    for name in dict.fromkeys(names):
        if (wanted := approved.files.get(name)) != found.files.get(name):
            held[path_of(name)] = _approved(wanted, recall) if wanted is not None else None
    return held


def _approved(name: str, recall: StateRecall) -> bytes:
    data = rule_book.content(recall, name)
    if data is None or digest(data) != name:
        raise DamagedBook(f"the rule file {name} is not as it was approved")
    return data


def _contents(read: RuleReload, held: Held, recall: StateRecall) -> dict[Path, bytes]:
    """Of the versions in use; of one that is on the disk no longer what is kept of it, if anything is."""
    found = dict[Path, bytes]()
    for path, version in read.files.versions.items():
        data = held.get(path) if path in held else file_data(path)
        if not isinstance(data, bytes) or digest(data) != version.digest:
            data = rule_book.content(recall, version.digest)
        if data is not None:
            found[path] = data
    return found
