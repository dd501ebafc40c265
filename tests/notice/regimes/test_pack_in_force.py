"""The newest accepted pack is in force, whatever package comes after it; a refused one changes nothing, and is told."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from agent.errors import DiskFull
from agent.notice.regimes.choice import choose
from agent.notice.regimes.in_force import REFUSED, PackInForce
from agent.notice.regimes.kept_pack import stored
from agent.notice.regimes.pack import NOTE, PackRefused, sign
from agent.notice.settings import NoticeSettings
from agent.problem import Problem
from agent.signing.signed_note import NoteVerifier
from agent.store import keys
from agent.store.problems import Problems
from tests.notice.regimes.signed_packs import MIDDLE, NEW, OLD, SIGNER, STRANGER, signed_pack
from tests.store.one_shard import OneShard

NOW = datetime(2027, 2, 10, tzinfo=UTC)
KEYS = [SIGNER.verifier]
KEY = keys.PACK.key()


class Life:
    """A state directory, and starts on it with packages that bring one pack or another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = OneShard(folder / "state")
        self.problems = Problems(self.state, lambda: NOW)

    def pack(self, version: str) -> Path:
        return signed_pack(self.folder / f"{version}.yaml", version)

    def start(self, shipped: Path, *, key: list[NoteVerifier] = KEYS) -> PackInForce:
        return PackInForce(self.state, self.problems, shipped, key)

    def told(self) -> list[Problem]:
        return [problem for problem in self.problems.open() if problem.kind == REFUSED]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.state.close()


def version(pack: PackInForce, file: Path | None = None) -> str:
    return pack.load(NoticeSettings(pack=file), NOW).signed.pack.pack.version


def test_the_pack_of_the_package_is_in_force(life: Life) -> None:
    """Without anything else, also where notices are not set up."""
    assert life.start(life.pack(MIDDLE)).load(None, NOW).signed.pack.pack.version == MIDDLE
    assert life.told() == []


def test_a_newer_file_of_the_settings_is(life: Life) -> None:
    """It stays once it is no longer named, and after a restart."""
    running = life.start(life.pack(OLD))
    assert version(running, life.pack(NEW)) == NEW
    assert version(running) == NEW
    assert version(life.start(life.pack(OLD))) == NEW
    assert life.told() == []


def test_a_package_that_brings_an_older_pack_does_not_bring_it_into_force(life: Life) -> None:
    """What the state keeps is newer."""
    assert version(life.start(life.pack(NEW))) == NEW
    assert version(life.start(life.pack(OLD))) == NEW
    assert version(life.start(life.pack(MIDDLE))) == NEW
    assert life.told() == []


def test_a_package_that_brings_a_newer_pack_brings_it_into_force(life: Life) -> None:
    """Also where it knows nothing of the key of the older one."""
    assert version(life.start(life.pack(OLD))) == OLD
    shipped = signed_pack(life.folder / "other" / "new.yaml", NEW, STRANGER)
    assert version(life.start(shipped, key=[STRANGER.verifier])) == NEW
    assert life.told() == []


def test_a_return_to_a_package_that_does_not_know_the_key_is_told_and_forgets_nothing(life: Life) -> None:
    """The newer pack is in force again with the package that knows it."""
    old = signed_pack(life.folder / "other" / "old.yaml", OLD, STRANGER)
    assert version(life.start(life.pack(NEW))) == NEW
    assert version(life.start(old, key=[STRANGER.verifier])) == OLD
    (problem,) = life.told()
    assert problem.subject == "state"
    assert "no known key has signed it" in problem.message
    assert version(life.start(life.pack(MIDDLE))) == NEW
    assert life.told() == []


def damaged(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("value: 72", "value: 96"), encoding="utf-8")


def unsigned(path: Path) -> None:
    path.with_name(path.name + NOTE).unlink()


def by_a_stranger(path: Path) -> None:
    signed_pack(path, NEW, STRANGER)


def of_another_id(path: Path) -> None:
    signed_pack(path, NEW, id_="other")


def older(path: Path) -> None:
    signed_pack(path, OLD)


def same_version_other_content(path: Path) -> None:
    signed_pack(path, MIDDLE)
    path.write_text(path.read_text(encoding="utf-8") + "# another line\n", encoding="utf-8")
    sign(path, SIGNER)


def no_pack(path: Path) -> None:
    path.write_text("regimes: []\n", encoding="utf-8")


def not_there(path: Path) -> None:
    path.unlink()


REFUSALS: list[tuple[Callable[[Path], None], str]] = [
    (damaged, "it was changed since"),
    (unsigned, "it cannot be read (No such file or directory)"),
    (by_a_stranger, "no known key has signed it"),
    (of_another_id, "it is the pack other, not core"),
    (older, f"version {OLD} is older than {MIDDLE}, which is in force"),
    (same_version_other_content, f"version {MIDDLE} is in force with another content"),
    (no_pack, "it is not a pack of regimes"),
    (not_there, "it cannot be read (No such file or directory)"),
]


@pytest.mark.parametrize("spoil, reason", REFUSALS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_refused_file_is_told_in_words_and_the_last_good_one_stays(
    life: Life, spoil: Callable[[Path], None], reason: str
) -> None:
    """It is over with a reload once the file is right."""
    running, file = life.start(life.pack(MIDDLE)), signed_pack(life.folder / "own.yaml", NEW)
    spoil(file)
    assert version(running, file) == MIDDLE
    (problem,) = life.told()
    assert problem.subject == "notice.pack"
    assert reason in problem.message
    assert problem.message.endswith(f"the pack core {MIDDLE} stays in force")
    assert version(running, signed_pack(file, NEW)) == NEW
    assert life.told() == []


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff", b'{"pack": 1}', orjson.dumps({"pack": "a: b", "note": "no note"})],
)
def test_a_damaged_one_in_the_state_is_told_and_replaced(life: Life, data: bytes) -> None:
    """The next start finds a whole one."""
    with life.state.transact() as transaction:
        transaction.set(KEY, data)
    assert version(life.start(life.pack(MIDDLE))) == MIDDLE
    assert [problem.subject for problem in life.told()] == ["state"]
    assert version(life.start(life.pack(OLD))) == MIDDLE
    assert life.told() == []


def test_an_edited_one_in_the_state_is_refused(life: Life) -> None:
    """Whoever can write the state cannot lengthen a period."""
    assert version(life.start(life.pack(NEW))) == NEW
    kept = orjson.loads(life.state.data(KEY) or b"")
    with life.state.transact() as transaction:
        transaction.set(KEY, orjson.dumps({**kept, "pack": kept["pack"].replace("value: 72", "value: 96")}))
    found = life.start(life.pack(OLD)).load(None, NOW).signed
    assert found.pack.pack.version == OLD
    assert b"value: 72" in found.raw
    assert "it was changed since" in life.told()[0].message


def test_a_package_with_a_changed_pack_goes_by_the_last_good_one(life: Life) -> None:
    """And says that its files were changed."""
    shipped = life.pack(MIDDLE)
    running = life.start(shipped)
    assert version(running) == MIDDLE
    damaged(shipped)
    assert version(running) == MIDDLE
    assert version(life.start(shipped)) == MIDDLE
    (problem,) = life.told()
    assert (problem.subject, problem.fix) == ("package", "install Leakline again: its files were changed")


def test_with_no_accepted_pack_there_is_a_word_for_it(life: Life) -> None:
    """A daemon that never had one cannot go by any."""
    shipped = life.pack(MIDDLE)
    damaged(shipped)
    with pytest.raises(PackRefused, match="it was changed since"):
        life.start(shipped).load(None, NOW)


def test_after_its_date_of_review_a_pack_stays_and_says_so(life: Life) -> None:
    """From that day on, in the summary and in the log."""
    running = life.start(life.pack(MIDDLE))
    assert running.summary(NOW) is None
    for now, due in ((datetime(2027, 2, 22, 23, tzinfo=UTC), False), (datetime(2027, 2, 23, tzinfo=UTC), True)):
        with capture_logs() as lines:
            running.load(None, now)
        assert ("regimes due for review" in [line["event"] for line in lines]) == due
        summary = running.summary(now)
        assert summary is not None
        assert (summary.version, summary.regimes, summary.review_due) == (MIDDLE, 39, due)
    assert life.told() == []


def test_unknown_names_are_in_the_log_of_the_start(life: Life) -> None:
    """With what is near."""
    with capture_logs() as lines:
        life.start(life.pack(MIDDLE)).load(NoticeSettings(jurisdictions=["EU"]), NOW)
    assert [(line["subject"], line["fix"]) for line in lines if line["event"] == "doubtful settings"] == [
        ("notice.jurisdictions", "write eu")
    ]


def test_commands_see_the_pack_that_a_daemon_keeps(life: Life) -> None:
    """While it runs, from the state directory."""
    assert version(life.start(life.pack(NEW))) == NEW
    seen = choose(stored(life.folder / "state"), shipped=life.pack(OLD), verifiers=KEYS)
    assert (seen.signed.pack.pack.version, seen.refusals) == (NEW, ())


def test_commands_without_a_state_go_by_the_package(tmp_path: Path) -> None:
    """A directory that is not there is not made."""
    assert stored(tmp_path / "nothing") is None
    assert not (tmp_path / "nothing").exists()


def test_a_full_disk_ends_no_load(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that is refused then is told at the next load that finds room."""
    broken = life.folder / "broken.yaml"
    broken.write_text("regimes: []")
    started = life.start(life.pack(MIDDLE))
    assert version(started) == MIDDLE
    with monkeypatch.context() as full:
        full.setattr(life.problems, "report", _full)
        assert version(started, broken) == MIDDLE
    assert life.told() == []
    version(started, broken)
    assert len(life.told()) == 1


def _full(*_: object, **__: object) -> None:
    raise DiskFull("no room")
