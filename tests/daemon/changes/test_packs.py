"""Packs of regimes: what weakens waits for votes over reloads and restarts under permissions, all else counts at once and is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.assembly.notice.pack_choice import pack_choice, pack_hold
from agent.changes.change import SettingsChange
from agent.config.settings import StateSettings
from agent.daemon.changes.change_writer import ChangeRefused, ChangeWriter
from agent.daemon.changes.pack_watch import KIND, PackWatch
from agent.notice.regimes.in_force import PackInForce
from agent.notice.regimes.pack import sign
from agent.notice.settings import NoticeSettings
from agent.store import keys
from tests.daemon.changes.change_state import ChangeState
from tests.notice.regimes.signed_packs import MIDDLE, NEW, OLD, SIGNER, signed_pack

LATER = ("value: 72}", "value: 96}")
SOONER = ("value: 72}", "value: 48}")


class Packs:
    """A daemon's packs on a real state: `restart` is one by another package, `reload` reads `notice.pack` of the settings."""

    def __init__(self, state: ChangeState, folder: Path) -> None:
        self.state = state
        self.folder = folder
        self.shipped = self.pack(OLD)
        self.named: Path | None = None
        self.restart(self.shipped)

    def pack(self, version: str, *edits: tuple[str, str]) -> Path:
        """The shipped one, edited behind the article 33 of the GDPR; signed."""
        path = signed_pack(self.folder / f"{version}.yaml", version)
        head, mark, rest = path.read_text(encoding="utf-8").partition("- id: eu-gdpr-33\n")
        for old, new in edits:
            rest = re.sub(re.escape(old), new, rest, count=1)
        path.write_text(head + mark + rest, encoding="utf-8")
        sign(path, SIGNER)
        return path

    def restart(self, shipped: Path | None = None) -> None:
        self.shipped = shipped or self.shipped
        stores = self.state.stores
        writer = ChangeWriter(self.state.roles_of, self.state.restarts.append)
        self.watch = PackWatch(lambda: self.state.desk_alone, stores.problems, writer)
        holds = pack_hold(self.state.settings, self.watch.is_approved)
        self.in_force = PackInForce(stores.state, stores.problems, self.shipped, [SIGNER.verifier], holds)
        self.reload()

    def reload(self) -> None:
        self.watch.note(self.in_force.load(NoticeSettings(pack=self.named), self.state.now))

    @property
    def version(self) -> str:
        summary = self.in_force.summary(self.state.now)
        assert summary is not None
        return summary.version

    def requests(self) -> list[SettingsChange]:
        return [change for change in self.state.desk.changes() if change.kind == "pack"]

    def is_told(self) -> bool:
        return any(problem.kind == KIND for problem in self.state.stores.problems.open())


@pytest.fixture
def packs(state: ChangeState, tmp_path: Path) -> Iterator[Packs]:
    yield Packs(state, tmp_path / "packs")


def test_the_first_pack_is_kept_and_the_same_one_says_nothing(packs: Packs) -> None:
    """What a start goes by is in the record of the start."""
    for _ in range(3):
        packs.restart()
        packs.watch.look()
    assert packs.version == OLD and not packs.is_told()
    assert packs.state.recorded() == ["settings-baseline"]


def test_a_newer_pack_that_weakens_nothing_is_in_force_and_recorded(packs: Packs) -> None:
    """Once, with its class."""
    packs.restart(packs.pack(MIDDLE, SOONER))
    packs.restart()
    assert packs.version == MIDDLE and not packs.is_told()
    (change,) = packs.requests()
    assert (change.way, change.state, change.change_class) == ("upgrade", "applied", "strengthen")


@pytest.mark.parametrize("is_named", [False, True], ids=["of the package", "that the settings name"])
def test_a_newer_pack_that_weakens_waits_for_votes(packs: Packs, is_named: bool) -> None:
    """However often it is read, and is asked for once; approved by two it is in force from the restart on."""
    newer = packs.pack(NEW, LATER)
    packs.named = newer if is_named else None
    for _ in range(3):
        packs.restart(None if is_named else newer)
        packs.reload()
        packs.watch.look()
    assert packs.version == OLD and packs.is_told()
    (request,) = packs.requests()
    assert (request.way, request.state, request.change_class) == ("votes", "open", "weaken")
    assert "eu-gdpr-33" in str([difference.path for difference in request.differences])
    packs.state.vote("paul", request)
    assert packs.version == OLD
    packs.state.vote("olaf", request)
    assert len(packs.state.restarts) == 1
    packs.restart()
    assert packs.version == NEW and not packs.is_told()
    assert [change.state for change in packs.requests()] == ["applied"]
    packs.restart()
    assert packs.version == NEW and len(packs.requests()) == 1


def test_a_pack_that_was_rejected_stays_out_and_is_not_asked_again(packs: Packs) -> None:
    """It is a problem as long as it is there."""
    packs.restart(packs.pack(NEW, LATER))
    packs.state.vote("paul", packs.requests()[0], approves=False)
    for _ in range(2):
        packs.restart()
    assert packs.version == OLD and packs.is_told()
    assert [change.state for change in packs.requests()] == ["rejected"]
    packs.restart(packs.pack(OLD))
    assert not packs.is_told()


def test_a_request_that_nobody_voted_on_is_made_again(packs: Packs) -> None:
    """After a day, without a restart; the votes for the earlier one do not count."""
    packs.restart(packs.pack(NEW, LATER))
    packs.state.vote("paul", packs.requests()[0])
    packs.state.now += timedelta(hours=25)
    packs.state.desk.look()
    packs.watch.look()
    earlier, request = packs.requests()
    assert (earlier.state, request.state) == ("expired", "open")
    with pytest.raises(ChangeRefused, match="expired"):
        packs.state.vote("olaf", earlier)
    packs.state.vote("olaf", request)
    packs.restart()
    assert packs.version == OLD


def test_the_votes_are_for_one_file(packs: Packs) -> None:
    """Another pack that weakens needs its own, and the request for the one that is gone is void."""
    packs.restart(packs.pack(MIDDLE, LATER))
    packs.restart(packs.pack(NEW, LATER, ("authority: ", "authority: another ")))
    assert [change.state for change in packs.requests()] == ["void", "open"]
    packs.restart(packs.pack(MIDDLE, LATER))
    third = packs.requests()[-1]
    for name in ("paul", "olaf"):
        packs.state.vote(name, third)
    packs.restart()
    assert packs.version == MIDDLE
    packs.restart(packs.pack(NEW, ("value: 72}", "value: 120}")))
    assert packs.version == MIDDLE and packs.is_told()


def test_commands_and_floors_go_by_the_pack_that_the_daemon_will_go_by(packs: Packs) -> None:
    """Before it is approved and after; from the state directory, while the daemon has it open."""
    state = packs.state
    kept = StateSettings(directory=state.directory.directory)
    state.settings = state.settings.model_copy(update={"state": kept})
    packs.restart(packs.pack(NEW, LATER))
    (request,) = packs.requests()

    def seen() -> tuple[str, int]:
        choice = pack_choice(state.settings, shipped=packs.shipped, verifiers=[SIGNER.verifier])
        return choice.signed.pack.pack.version, len(choice.waiting)

    assert seen() == (OLD, 1)
    state.vote("paul", request)
    assert seen() == (OLD, 1)
    state.vote("olaf", request)
    assert seen() == (NEW, 0)


def test_without_permissions_a_pack_that_weakens_counts_and_is_recorded_as_that(packs: Packs) -> None:
    """It is signed."""
    packs.state.settings = packs.state.settings.model_copy(update={"permissions": None})
    packs.restart(packs.pack(NEW, LATER))
    assert packs.version == NEW and not packs.is_told()
    (change,) = packs.requests()
    assert (change.way, change.state, change.change_class) == ("upgrade", "applied", "weaken")


def test_where_the_pack_before_cannot_be_read_the_newer_one_is_in_force(packs: Packs) -> None:
    """With some pack in force there are clocks; what it weakens is recorded."""
    state = packs.state.stores.state
    with state.transact() as transaction:
        transaction.set(keys.PACK.key(), b"{")
    packs.restart(packs.pack(NEW, LATER))
    assert packs.version == NEW
    (change,) = packs.requests()
    assert (change.state, change.change_class) == ("applied", "weaken")
