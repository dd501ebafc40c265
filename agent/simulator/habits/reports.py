"""Regular exports: the week's numbers on Mondays, the books at the end of a month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from agent.simulator.world.actions import export_report
from agent.simulator.world.activity import closes_month
from agent.simulator.world.sessions import HOUR, UserSession
from agent.simulator.world.stage import Stage

QUARTER_HOUR = 900


def live(stage: Stage, sessions: Mapping[str, UserSession], day: date) -> None:
    """Every 17th person has numbers to send on Mondays; the finance department exports much when books are closed."""
    for user in stage.staff.of("person"):
        session = sessions.get(user.id)
        if session is None or session.end - session.start < HOUR:
            continue
        if day.weekday() == 0 and user.number % 17 == 3:
            for number in range(stage.number(2, 5, "weekly", user.id)):
                rows = stage.number(200, 7_000, "weekly", user.id, number)
                export_report(stage, session, 240 + number * 75, 7_000 + user.number * 10 + number, rows)
        if closes_month(day) and user.department == "Finance" and stage.chance(0.6, "closes", user.id):
            for number in range(stage.number(3, 8, "books", user.id)):
                rows = int(10 ** (stage.number(300, 450, "books", user.id, number) / 100))
                after = 400 + number * 380 + stage.number(0, 200, "pause", user.id, number)
                export_report(stage, session, after, 9_000 + number, rows)
