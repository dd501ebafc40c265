"""Whoever tries keys costs one problem for each sender of the settings, which ends some time after the last try."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.daemon.listening.inbound_refusals import KIND, OVER_AFTER, InboundRefusals
from agent.network.server_tls import ServerTls
from agent.sources.inbound.serving.senders import Senders
from agent.sources.inbound.settings import SenderSettings
from tests.certificates import make_certificates
from tests.daemon.shards import Shards
from tests.pipeline.fakes import NOW


@dataclass
class Watched:
    """Refusals of one sender, over the registers of real shards, by a clock that a test moves."""

    shards: Shards
    folder: Path
    now: datetime = NOW
    tls: ServerTls | None = None
    senders: Senders = field(init=False)
    refusals: InboundRefusals = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "token").write_text("token-of-the-middleware-0001")
        authentication = {"bearer": {"file": str(self.folder / "token")}}
        sender = {"name": "middleware", "org": "acme", "authentication": authentication}
        steady: Any = lambda: self.now.timestamp()  # noqa: E731 - secrets are read by the same clock
        self.senders = Senders([SenderSettings.model_validate(sender)], steady)
        registers = {name: loops.problems for name, loops in self.shards.loops.items()}
        self.refusals = InboundRefusals(self.senders, dict, lambda: registers, self.tls, lambda: self.now)

    def refuse(self, times: int) -> None:
        record = self.senders.known["middleware"].record
        record.unproven, record.unproven_reason = record.unproven + times, "it has no token, or another one"

    def look(self, after: timedelta = timedelta(seconds=1)) -> list[str]:
        """The messages of open problems of this kind, at the org."""
        self.now += after
        self.refusals.look()
        return [problem.message for problem in self.shards.loops["acme"].problems.open() if problem.kind == KIND]


def test_tries_are_one_problem_that_ends(shards: Shards, tmp_path: Path) -> None:
    """At the sender's org, with how many and why; not sooner than ten minutes after the last."""
    watched = Watched(shards, tmp_path)
    assert watched.look() == []
    watched.refuse(12)
    (message,) = watched.look()
    assert message == "12 requests in the name of middleware refused: it has no token, or another one"
    watched.refuse(1)
    assert len(watched.look(OVER_AFTER)) == 1
    assert len(watched.look(OVER_AFTER - timedelta(seconds=1))) == 1
    assert watched.look() == []
    assert shards.loops["other"].problems.open() == []


def test_a_thousand_tries_write_no_more_than_one_a_minute(shards: Shards, tmp_path: Path) -> None:
    """The state is not written for each of them: the count in the message is a minute old at most."""
    watched = Watched(shards, tmp_path)
    messages = set()
    for _ in range(100):
        watched.refuse(10)
        messages |= set(watched.look())
    assert len(messages) == 2


def test_a_clock_that_is_set_back_hides_nothing(shards: Shards, tmp_path: Path) -> None:
    """What is tried after it is told, and ends ten minutes later."""
    watched = Watched(shards, tmp_path)
    watched.refuse(1)
    watched.look()
    watched.refuse(1)
    (message,) = watched.look(-timedelta(days=1))
    assert message.startswith("2 requests")
    assert watched.look(OVER_AFTER) == []


def test_a_certificate_that_cannot_be_used_is_told_until_it_can(shards: Shards, tmp_path: Path) -> None:
    """While the listener goes on with the one that it has."""
    certificates = make_certificates(tmp_path)
    tls = ServerTls(certificates.server, certificates.server_key, None, steady=iter(range(100)).__next__)
    tls.context()
    watched = Watched(shards, tmp_path, tls=tls)
    text = certificates.server.read_bytes()
    problems = shards.loops[""].problems
    for written, kinds in ((b"nothing", ["listener-failed"]), (text, [])):
        certificates.server.write_bytes(written)
        tls.context()
        watched.look()
        assert [problem.kind for problem in problems.open()] == kinds


def test_a_secret_that_is_gone_is_told_until_it_is_back(shards: Shards, tmp_path: Path) -> None:
    """Without a single request."""
    watched = Watched(shards, tmp_path)
    token = tmp_path / "token"
    text = token.read_text()
    token.unlink()
    (message,) = watched.look(timedelta(seconds=11))
    assert "secrets of middleware cannot be used" in message
    token.write_text(text)
    watched.look(timedelta(seconds=11))
    assert watched.look(OVER_AFTER) == []


def test_a_sender_whose_org_is_not_read_is_told_of_at_the_process(shards: Shards, tmp_path: Path) -> None:
    """Its requests are refused though it is who it says; that is over once the org is read."""
    watched = Watched(shards, tmp_path)
    registers = {name: loops.problems for name, loops in shards.loops.items()}
    acme = registers.pop("acme")
    watched.refusals = InboundRefusals(watched.senders, dict, lambda: registers, None, lambda: watched.now)
    assert watched.look() == []
    assert registers[""].open() == []
    record = watched.senders.known["middleware"].record
    record.refused += 3
    watched.look()
    assert registers[""].open() == []  # a reload lasts for seconds
    watched.look(timedelta(minutes=1))
    assert [problem.message for problem in registers[""].open()] == [
        "3 requests of middleware refused: its org acme is not read"
    ]
    watched.refuse(1)
    watched.look(timedelta(minutes=1))
    (problem,) = registers[""].open()
    assert "1 request in the name of middleware refused" in problem.message
    registers["acme"] = acme
    assert watched.look() == []
    assert registers[""].open() == []
