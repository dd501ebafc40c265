"""Dead letters of several orgs: listed, shown, replayed and dropped by names that say whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import LeaklineError
from agent.model import LANES
from agent.store.queue import dead_letter_commands
from agent.store.queue.dead_letter_files import DeadLetterFiles, file_called
from tests.daemon.shards import Shards, opened
from tests.pipeline.fakes import NOW


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    yield from opened(tmp_path)


@pytest.fixture
def files(shards: Shards) -> DeadLetterFiles:
    """Files 0 (malformed) and 1 (refused) of acme, 0 of other, 0 of Leakline itself."""
    shards.read("acme", 5, malformed=1)
    shards.send("acme", "siem", refused=[0, 1])
    shards.read("other", 3)
    shards.send("other", "siem", refused=[2])
    shards.read("", 1)
    shards.send("", "siem", refused=[0])
    return DeadLetterFiles(shards.stores, {"siem": LANES}, lambda *_: True, lambda: NOW)


def all_files(files: DeadLetterFiles) -> list[str]:
    """Names, page by page."""
    names: list[str] = []
    start: str | None = ""
    while start is not None:
        page = files.list(start)
        names += [row["file"] for row in page["files"]]
        start = page["next"]
    return names


@pytest.mark.parametrize("page", [1, 2, 50])
def test_the_pages_go_over_all_orgs(files: DeadLetterFiles, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file once, however few go on a page."""
    monkeypatch.setattr(dead_letter_commands, "FILES_A_PAGE", page)
    assert all_files(files) == ["acme/0", "acme/1", "other/0", "leakline/0"]


def test_a_whole_name_is_one_file(files: DeadLetterFiles, shards: Shards) -> None:
    """It is shown, sent again and dropped where it is, and no other org is touched."""
    assert len(files.show("acme/1")["rows"]) == 2
    assert files.replay("other/0", "ada") == {"file": "other/0", "number": 0, "rows": 1, "destination": "siem"}
    assert files.drop("leakline/0", "ada")["rows"] == 1
    assert all_files(files) == ["acme/0", "acme/1"]
    assert shards.loops["other"].event_actions().count("dead-letters-replayed") == 1
    assert "dead-letters-dropped" not in shards.loops["acme"].event_actions()


def test_a_number_alone_does_where_it_is_clear(files: DeadLetterFiles) -> None:
    """Only acme has a file 1; three have a file 0, and a drop of the wrong one could not be undone."""
    assert files.show(1)["next"] is None
    assert files.drop("1", "ada")["file"] == "acme/1"
    with pytest.raises(LeaklineError, match="write acme/0 or other/0 or leakline/0"):
        files.drop("0", "ada")


@pytest.mark.parametrize("name", ["nobody/0", "acme/", "/0", "acme/x", "acme/0/0", "leakline"])
def test_a_name_that_cannot_be_is_told(files: DeadLetterFiles, name: str) -> None:
    """With what there could be."""
    with pytest.raises(LeaklineError, match=r"acme/3|dead-letters list"):
        files.show(name)


def test_a_file_that_is_not_there_is_told() -> None:
    """By name and by number."""
    with pytest.raises(LeaklineError, match="no file of dead letters with the number 9"):
        file_called("9", [("acme", 1)], ["acme", ""])


def test_with_one_org_a_number_is_always_the_orgs() -> None:
    """Nobody with one org needs to know that Leakline itself has dead letters too; where only it has that number, it is meant."""
    assert file_called("0", [("acme", 0), ("", 0)], ["acme", ""]) == ("acme", 0)
    assert file_called("1", [("acme", 0), ("", 1)], ["acme", ""]) == ("", 1)


def test_nothing_is_sent_again_to_a_destination_that_takes_the_org_no_longer(shards: Shards) -> None:
    """It would wait for ever: the rows stay dead letters, and the answer says why."""
    shards.read("acme", 5)
    shards.send("acme", "siem", refused=[0])
    files = DeadLetterFiles(shards.stores, {"siem": LANES}, lambda _, shard: shard != "acme", lambda: NOW)
    with pytest.raises(LeaklineError, match="no destination 'siem' in the settings takes the lane events of acme"):
        files.replay("acme/0", "somebody")
    assert shards.stores["acme"].parked.entries("siem") == []
    assert [file["file"] for file in files.list()["files"]] == ["acme/0"]
