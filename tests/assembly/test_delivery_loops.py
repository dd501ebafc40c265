"""What a start makes of a state whose settings have changed: orgs that are gone, destinations of other orgs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.assembly.delivery_loops import DeliveryLoops, build_delivery_loops
from agent.assembly.node import Node, build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings
from agent.daemon.status import lanes_of, takes_of
from agent.own_event import own_event
from agent.status_document import StatusDocument
from agent.store.queue.status import counted_status

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass
class Started:
    """A daemon's parts, of which nothing runs."""

    settings: Settings
    node: Node
    loops: DeliveryLoops

    def note(self, shard: str, message: str) -> None:
        """An own event of the shard comes in."""
        self.node.shards[shard].ingest.take("agent", own_event("", "test-event", message, NOW))

    def deliver(self) -> None:
        for forward in self.loops.forwards:
            while forward.forward():
                pass
        self.loops.trim.trim()

    def problems(self, shard: str) -> dict[str, str]:
        """Kinds, and what is said of each."""
        return {problem.kind: problem.message for problem in self.node.shards[shard].stores.problems.open()}

    def status(self) -> StatusDocument:
        wanted = self.settings.destinations
        return counted_status(Path(), self.node.stores, lanes_of(wanted), takes_of(wanted))


@contextmanager
def started(folder: Path, orgs: Sequence[str], destinations: dict[str, list[str] | None]) -> Iterator[Started]:
    """With file destinations, by name to their `orgs`."""
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"file": str(folder / "secret")}}
    (folder / "secret").write_text("nobody is asked")
    document: dict[str, Any] = {
        "orgs": [{"name": name, "url": f"https://{name}.my.salesforce.com", "auth": auth} for name in orgs],
        "destinations": [
            {"type": "file", "name": name, "directory": str(folder / name)} | ({"orgs": taken} if taken else {})
            for name, taken in destinations.items()
        ],
        "state": {"directory": str(folder / "state")},
        "rules": {"shipped": False},
    }
    settings, stop = Settings.model_validate(document), StopEvent()
    node = build_node(settings, now=lambda: NOW, stop=stop)
    try:
        yield Started(settings, node, build_delivery_loops(node, settings, now=lambda: NOW, stop=stop))
    finally:
        node.close()


def written(folder: Path, destination: str) -> str:
    return "".join(path.read_text() for path in sorted((folder / destination).glob("*.ndjson")))


def test_what_waits_of_an_org_that_is_gone_is_still_sent(tmp_path: Path) -> None:
    """Its rows arrive, status shows it, and what is wrong with its sources is over."""
    both: dict[str, list[str] | None] = {"everybody": None}
    with started(tmp_path, ["acme", "other"], both) as before:
        before.note("acme", "left behind")
        register = before.node.shards["acme"].stores.problems
        register.report("source-failed", "acme/event_log_file", "it does not answer")
    with started(tmp_path, ["other"], both) as after:
        assert "source-failed" not in after.problems("acme")
        waiting = {org.name: org.destinations[0].lanes["alerts"].pending for org in after.status().orgs}
        assert waiting["acme"] == 1
        after.deliver()
        assert "left behind" in written(tmp_path, "everybody")
        assert all(forward.is_drained() for forward in after.loops.forwards)
        assert after.status().balanced


def test_an_org_that_a_destination_no_longer_takes_is_told_in_its_register(tmp_path: Path) -> None:
    """What waited is dropped, what is set aside stays and says why; nothing of the org arrives, and the sums hold."""
    with started(tmp_path, ["acme", "other"], {"siem": ["acme", "other"], "everybody": None}) as before:
        before.note("acme", "set aside")
        (follower,) = (shard for shard in before.loops.forwards[0].shards if shard.name == "acme")
        assert follower.queue.set_aside() == 1
        before.note("acme", "dropped")
    with started(tmp_path, ["acme", "other"], {"siem": ["other"], "everybody": None}) as after:
        found = after.problems("acme")
        assert "of acme to" in found["rows-dropped"]
        assert "which no longer takes acme" in found["batches-set-aside"]
        assert after.problems("other") == {}
        after.note("other", "to both")
        after.deliver()
        assert "to both" in written(tmp_path, "siem")
        assert "acme" not in written(tmp_path, "siem")
        assert "set aside" in written(tmp_path, "everybody")
        assert after.status().balanced
