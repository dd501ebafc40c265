"""What a start finds: the first one's settings are the baseline; later the file alone changes only what nobody has to approve."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.config.governed import governed_document, with_governed
from agent.config.settings import Settings, parse
from agent.daemon.changes.change_writer import ChangeRefused
from agent.daemon.changes.drift_watch import DRIFT, FEW, DriftWatch
from agent.daemon.changes.proposal import Proposal
from agent.errors import SettingsError
from tests.daemon.changes.change_state import DOCUMENT, ChangeState, stricter, weaker

ALONE = {key: value for key, value in DOCUMENT.items() if key != "permissions"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leakline.yaml"


def write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document))


def kinds(state: ChangeState) -> dict[str, str]:
    return {problem.kind: problem.message for problem in state.stores.problems.open()}


def test_the_first_start_is_the_baseline_once(state: ChangeState) -> None:
    """A second start with the same settings records nothing."""
    state.restart()
    assert state.recorded() == ["settings-baseline"]
    assert state.in_force


def test_without_permissions_the_file_counts_and_is_recorded(tmp_path: Path) -> None:
    """As a change by one pair of eyes, with its class and what was before."""
    state = ChangeState(tmp_path, ALONE)
    weaker(state.file)
    state.restart()
    (change,) = state.desk.changes()
    assert (change.way, change.change_class, change.state) == ("one-pair-of-eyes", "weaken", "applied")
    assert state.recorded() == ["settings-baseline", "change-applied"]
    assert state.settings.notice is not None and len(state.settings.notice.people) == 1
    with pytest.raises(ChangeRefused, match="changes need no approval"):
        state.desk.propose(state.principal("adam"), Proposal(state.document(stricter), "because"))
    state.close()


def test_permissions_come_into_force_by_the_file_and_leave_only_by_votes(tmp_path: Path) -> None:
    """Who takes them out of the file again changes nothing."""
    state = ChangeState(tmp_path, ALONE)
    state.file = copy.deepcopy(DOCUMENT)
    state.restart()
    assert state.settings.permissions is not None
    state.file = copy.deepcopy(ALONE)
    weaker(state.file)
    state.restart()
    assert state.settings.permissions is not None
    assert state.settings.notice is not None and len(state.settings.notice.people) == 2
    state.close()


def test_a_file_that_differs_is_a_problem_and_changes_nothing(state: ChangeState, path: Path) -> None:
    """Every governed key; it ends when the file is as it was approved."""
    drift = DriftWatch(path, lambda: state.settings, state.stores.problems)
    write(path, state.file)
    drift.look()
    assert DRIFT not in kinds(state)
    edited = copy.deepcopy(state.file)
    weaker(edited)
    edited["trail"] = {"checkpoint_every": "1h"}
    edited["rules"] = {"disabled": ["mass_report_export"]}
    edited["destinations"] = [{"type": "file", "name": "other", "directory": "/var/log/other"}]
    edited.pop("permissions")
    write(path, edited)
    drift.look()
    for named in ("notice.people", "trail.checkpoint_every", "rules.disabled", "destinations", "permissions"):
        assert named in kinds(state)[DRIFT]
    state.file = edited
    before = governed_document(state.settings)
    state.restart()
    assert governed_document(state.settings) == before
    write(path, DOCUMENT)
    drift.look()
    assert DRIFT not in kinds(state)


def test_a_file_that_does_not_load_is_a_problem_too(state: ChangeState, path: Path) -> None:
    """What is approved stays in force."""
    path.write_text("notice: [")
    DriftWatch(path, lambda: state.settings, state.stores.problems).look()
    assert "does not load" in kinds(state)[DRIFT]


def test_a_file_that_the_next_start_could_not_use_is_a_problem(state: ChangeState, path: Path) -> None:
    """It loads alone, and not with what is approved: a destination that is governed has the folder of another one."""
    edited = copy.deepcopy(state.file)
    edited["destinations"].append({"type": "file", "name": "more", "directory": "/var/log/more", "lanes": ["events"]})
    write(path, edited)
    drift = DriftWatch(path, lambda: state.settings, state.stores.problems)
    drift.look()
    assert DRIFT not in kinds(state)
    edited["destinations"] = [{"type": "file", "name": "more", "directory": "/var/log/siem", "lanes": ["events"]}]
    write(path, edited)
    drift.look()
    assert "the next start would fail" in kinds(state)[DRIFT]
    assert "siem" in drift.hindrance(state.desk_alone.recall)
    assert "cannot come into force" in " ".join(problem.message for problem in state.stores.problems.open())
    drift.begin()
    assert "cannot come into force" not in " ".join(problem.message for problem in state.stores.problems.open())
    drift.hindrance(state.desk_alone.recall)
    write(path, state.file)
    drift.look()
    assert drift.hindrance(state.desk_alone.recall) == ""
    assert DRIFT not in kinds(state)


def test_approved_settings_that_a_newer_law_outruns_are_a_problem(state: ChangeState, path: Path) -> None:
    """They stay in force, and are never silently less than the law."""
    outrun = True

    def floor(_: Settings) -> None:
        if outrun:
            raise SettingsError("30d is not within 3d")

    drift = DriftWatch(path, lambda: state.settings, state.stores.problems, floor)
    drift.look_at_law()
    assert "weaker than the law" in kinds(state)[DRIFT]
    outrun = False
    drift.look_at_law()
    assert DRIFT not in kinds(state)


def test_too_few_approvers_are_a_problem(state: ChangeState, path: Path) -> None:
    """Groups that there are not have no members."""
    write(path, state.file)
    DriftWatch(path, lambda: state.settings, state.stores.problems).look()
    assert "no person is in the groups that approve changes (board, dpo)" in kinds(state)[FEW]


def test_what_is_not_governed_is_the_file_s(state: ChangeState) -> None:
    """Orgs, limits, the log, and destinations that mirror nothing."""
    state.file["log"] = {"level": "warning"}
    state.file["destinations"].append(
        {"type": "file", "name": "events", "directory": "/var/log/e", "lanes": ["events"]}
    )
    state.restart()
    assert state.settings.log.level == "warning"
    assert [destination.name for destination in state.settings.destinations] == ["siem", "events"]


def test_a_destination_that_mirrors_is_neither_added_nor_removed_by_the_file(state: ChangeState) -> None:
    """Alerts go to places that were approved, all of them."""
    state.file["destinations"] = [{"type": "file", "name": "mine", "directory": "/tmp/mine"}]
    state.restart()
    assert [destination.name for destination in state.settings.destinations] == ["siem"]


@pytest.mark.parametrize("key", ["threshold", "ratio", "deviation", "highest", "distance"])
def test_no_number_is_endless(key: str) -> None:
    """JSON has none: what is approved would be other than what was written."""
    document = copy.deepcopy(DOCUMENT) | {"rules": {"adjust": {"mass_report_export": {key: float("inf")}}}}
    with pytest.raises(SettingsError, match=key):
        parse(document)


def test_governed_settings_come_back_as_they_were() -> None:
    """From plain values, whatever the settings."""
    settings = parse(copy.deepcopy(DOCUMENT))
    assert with_governed(settings, governed_document(settings)) == settings
