"""Truth, at length: whatever the org does for days, each row comes once."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from agent.errors import TransportError
from tests.scripted_org.scripted_org import ScriptedFile, csv_of
from tests.scripted_org.serving import RunningScriptedOrg
from tests.sources.event_log_file.log_files import HOUR, rows
from tests.sources.reader import START, Clock, Reader


@pytest.mark.parametrize("seed", range(6))
def test_no_row_is_lost_and_none_doubled(
    reader: Reader, server: RunningScriptedOrg, clock: Clock, small_pieces: None, seed: int
) -> None:
    """Days of ties, late and repeating increments, files that show up late, failures and restarts: each row once."""
    dice = random.Random(seed)
    truth: list[str] = []
    number, org = 0, server.org
    org.change_faults(limit_after=10**6)
    org.page = 10
    for hour in range(48):
        log_date = START + hour * HOUR
        names = [f"{hour}/{n}/{'y' * dice.randrange(60)}" for n in range(dice.randrange(1, 60))]
        truth += names
        for sequence in range(1, dice.choice([1, 1, 2, 3]) + 1):
            number += 1
            late = [f"{hour}/late {sequence}/{n}" for n in range(dice.randrange(1, 5))] if sequence > 1 else []
            truth += late
            repeated = dice.sample(names, dice.randrange(len(names))) if sequence > 1 else names
            created = log_date + dice.choice([3, 4, 5, 6, 20, 60][: 4 if sequence == 1 else 6]) * HOUR
            file = ScriptedFile(f"0AT{number:015}", created, log_date, csv_of("Login", rows(*repeated, *late)))
            file.sequence = sequence
            if dice.random() < 0.2:
                file.visible_at = created + dice.randrange(1, 40) * HOUR
            org.files.append(file)
    while clock.time < START + 130 * HOUR:
        clock.advance(minutes=dice.choice([10, 30, 90]))
        org.cut_at, org.end_at, org.status = {}, {}, {}
        for file in dice.sample(org.files, 5):
            fault = dice.choice(["cut", "end", "status", "html"])
            if fault in ("cut", "end"):
                getattr(org, f"{fault}_at")[file.id] = dice.randrange(1, 150)
            else:
                org.status[file.id] = (503, b"") if fault == "status" else (200, b"<html>\n")
        if dice.random() < 0.1:
            server.tokens.revoke_all()
        with suppress(TransportError):
            reader.read(stop_after=dice.choice([None, None, 1, 3]))
        if dice.random() < 0.2:
            reader.restart()
    org.cut_at, org.end_at, org.status = {}, {}, {}
    for _ in range(3):
        clock.advance(hours=2)
        reader.read()
    assert sorted(reader.rows()) == sorted(truth)
    assert [e for e in reader.own() if e["event.action"] != "log-truncated"] == []
