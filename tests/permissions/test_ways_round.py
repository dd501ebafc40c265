"""Ways round four eyes, tried by real users over the control socket of a real daemon."""

from __future__ import annotations

import grp
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.changes import book
from agent.config.governed import governed_document
from agent.daemon.daemon import Daemon
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS, RESPONSE
from agent.store.queue.shards import open_shards
from agent.store.state import StateRecall
from agent.trail.shard_trail import ShardTrail
from tests.notice.incidents.made_incident import NOW, incident
from tests.permissions.asked import Asked
from tests.permissions.users import USERS, ask_as, ask_by, is_denied, needs_users

pytestmark = needs_users

NOTICE = """notice:
  zone: Europe/Berlin
  jurisdictions: [eu]
  people: [{name: ana, channels: [siem]}, {name: ben, channels: [siem]}]
  channels: [{name: siem, type: destination, destination: file}]
"""
UNKNOWN = 54_321
Edit = Callable[[dict[str, Any]], object]


@contextmanager
def answering() -> Iterator[Asked]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are for this user alone
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAKLINE_TEST", "secret")
        found = Asked(folder, NOTICE)
        yield found
        found.close()
    shutil.rmtree(folder)


@pytest.fixture
def asked() -> Iterator[Asked]:
    with answering() as found:
        yield found


@pytest.fixture(scope="module")
def unchanged() -> Iterator[Asked]:
    """For what is refused."""
    with answering() as found:
        yield found


def document(daemon: Daemon, edit: Edit) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(governed_document(daemon.node.settings)))
    edit(found)
    return found


def fewer(document: dict[str, Any]) -> None:
    """A person less is notified."""
    document["notice"]["people"].pop()


def in_force(daemon: Daemon) -> str:
    known = book.in_force(StateRecall(daemon.node.shards[PROCESS].stores.state, RESPONSE.prefix))
    return known.sha256 if known is not None else ""


def ask(asked: Asked, role: str, command: str, **arguments: Any) -> dict[str, Any]:
    (answer,) = ask_as(USERS[role], asked.socket, [{"command": command, **arguments}])  # type: ignore[index]
    return answer


def proposed(asked: Asked, edit: Edit = fewer) -> dict[str, Any]:
    answer = ask(asked, "admin", "changes_propose", settings=document(asked.daemon, edit), reason="because")
    found: dict[str, Any] = answer["result"]
    return found


EDITS: dict[str, Edit] = {
    "later than the law": lambda found: found["notice"].update(presume_aware_after="30d"),
    "no notice": lambda found: found.update(notice=None),
    "no permissions": lambda found: found.update(permissions=None),
    "an empty step": lambda found: found["notice"].update(
        policies=[{"name": "default", "steps": [{"after": "0m", "notify": []}]}]
    ),
    "a step at nobody": lambda found: found["notice"].update(
        policies=[{"name": "default", "steps": [{"after": "0m", "notify": ["person:nobody"]}]}]
    ),
    "nobody who approves": lambda found: found["permissions"].update(
        groups={USERS["admin"]: "admin", "there-is-no-such-group": "privacy", "nor-this-one": "approver"}
    ),
    "nobody who proposes": lambda found: found["permissions"].update(groups={USERS["privacy"]: "privacy"}),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("command", ["changes_propose", "changes_break_glass"])
def test_what_must_not_be_is_not_even_proposed(unchanged: Asked, edit: Edit, command: str) -> None:
    """Neither with votes to come nor without: nothing differs afterwards, and nothing waits."""
    before = in_force(unchanged.daemon)
    answer = ask(unchanged, "admin", command, settings=document(unchanged.daemon, edit), reason="because")
    assert "error" in answer
    assert not is_denied(answer)
    assert in_force(unchanged.daemon) == before
    assert ask(unchanged, "admin", "changes_list", everything=True)["result"] == []


def test_nobody_but_another_person_with_a_vote_approves(asked: Asked) -> None:
    """Not the proposer in another session, not root, nor a user whom the system does not know, whatever groups it claims."""
    change = proposed(asked)
    vote = {"command": "changes_approve", "number": change["number"], "outcome": change["outcome"]}
    privacy = grp.getgrnam(USERS["privacy"]).gr_gid
    answers = [
        *ask_as(USERS["admin"], asked.socket, [vote, {**vote, "by": USERS["privacy"]}]),
        *ask_by(0, 0, [privacy], asked.socket, [vote]),
        *ask_by(UNKNOWN, UNKNOWN, [privacy], asked.socket, [vote]),
        *ask_by(pwd.getpwnam(USERS["admin"]).pw_uid, privacy, [privacy], asked.socket, [vote]),
    ]
    assert all(map(is_denied, answers)), answers
    assert ask(asked, "admin", "changes_show", number=change["number"])["result"]["votes"] == []


def test_a_vote_is_about_what_was_seen(asked: Asked) -> None:
    """What was edited afterwards is another change, with other votes."""
    first = proposed(asked)
    second = proposed(asked, lambda found: found["notice"]["people"][0].update(name="eva"))
    votes = [
        ("privacy", {"number": second["number"], "outcome": first["outcome"]}),
        ("privacy", {"number": first["number"], "outcome": second["outcome"]}),
        ("approver", {"number": first["number"], "outcome": ""}),
    ]
    for role, vote in votes:
        assert "not to those that were looked at" in ask(asked, role, "changes_approve", **vote)["error"]
    for role, state in (("privacy", "open"), ("approver", "applied")):
        answer = ask(asked, role, "changes_approve", number=first["number"], outcome=first["outcome"])
        assert answer["result"]["state"] == state
    assert (
        "void" in ask(asked, "privacy", "changes_approve", number=second["number"], outcome=second["outcome"])["error"]
    )
    assert in_force(asked.daemon) == first["outcome"]


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_no_change_without_a_reason(unchanged: Asked, reason: str) -> None:
    """Neither by votes nor by breaking the glass."""
    for command in ("changes_propose", "changes_break_glass"):
        answer = ask(unchanged, "admin", command, settings=document(unchanged.daemon, fewer), reason=reason)
        assert "needs a reason" in answer["error"]


def test_what_was_answered_is_recorded_with_what_was_before(asked: Asked, tmp_path: Path) -> None:
    """In the files themselves, as they are when the answer comes."""
    change = proposed(asked)
    folder = asked.daemon.node.settings.state.directory
    shutil.copytree(folder, tmp_path / "copy")
    directory = StateDirectory(tmp_path / "copy")
    try:
        state = open_shards(directory, (), lambda: NOW)[PROCESS].state
        records = [orjson.loads(line) for line in ShardTrail(state).lines()]
        kept = book.change(StateRecall(state, RESPONSE.prefix), change["number"])
    finally:
        directory.close()
    (record,) = [record for record in records if record["type"] == "change-proposed"]
    assert (record["actor"]["name"], record["data"]["outcome_sha256"]) == (USERS["admin"], change["outcome"])
    assert kept is not None and (kept.reason, kept.differences[0].path) == ("because", "notice.people[ben]")
    assert kept.differences[0].before["name"] == "ben"


def test_no_argument_shows_more_than_the_role(asked: Asked) -> None:
    """Whatever a viewer asks for."""
    desk = asked.daemon.node.shards["acme"].desk
    opened = incident()
    with desk.changing() as change:
        change.put(None, opened, "incident-opened", "opened", by="leakline", data={})
    wishes: list[dict[str, Any]] = [
        {},
        {"everything": True},
        {"register": True},
        {"state": "triage"},
        {"origin": "live"},
    ]
    requests = [{"command": "incidents_list", "limit": 1000, **wish} for wish in wishes]
    shown = {"command": "incidents_show", "number": opened.id}
    trail = {"command": "trail_lines", "chain": "acme", "first": 0}
    answers = ask_as(USERS["viewer"], asked.socket, [*requests, {"command": "status"}, shown, trail])
    assert any(opened.id in str(answer) for answer in answers[: len(requests)])
    assert opened.title and opened.title not in str(answers)
    assert [is_denied(answer) for answer in answers[-2:]] == [True, True]
    assert opened.title in str(ask_as(USERS["responder"], asked.socket, requests))
