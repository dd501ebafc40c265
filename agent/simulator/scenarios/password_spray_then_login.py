"""One address tries many accounts, then one of them in earnest, and gets in."""

from __future__ import annotations

from agent.simulator.scenarios.findings import found
from agent.simulator.world.actions import export_report, fail_login, open_list
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

ACCOUNTS = 24
TRIES = 12


def plant(stage: Stage) -> None:
    """Two passwords for each of two dozen accounts, a dozen for one; then a login, lists and an export."""
    start, ip = stage.at_hour(4) + 11 * 60_000, stage.address("hosting", 0)
    people = stage.staff.of("person")
    first = stage.number(0, len(people) - 1, "first")
    sprayed = [people[(first + number) % len(people)] for number in range(min(ACCOUNTS, len(people)))]
    for number, user in enumerate(sprayed):
        tried = stage.session(user, start, 30, ip, label=f"spray {number}")
        for turn in range(2):
            fail_login(stage, tried, number * 11 + turn * 290)
    victim = sprayed[len(sprayed) // 2]
    guessing = stage.session(victim, start + 600_000, 40, ip, label="guess")
    for number in range(TRIES):
        fail_login(stage, guessing, number * 21)
    stage.tell("LockoutEvent", guessing, 230, FailedLogins=10, LockoutDate=stage.later(guessing.start, 230))
    found(
        stage, "CredentialStuffingEvent", guessing, 260, 1.0, "Logins from one address with a list of stolen credentials",
        LoginUrl="/", LoginType="Application", AcceptLanguage="en-US,en;q=0.9",
    )  # fmt: skip
    inside = stage.session(victim, start + 900_000, 40, ip, label="inside")
    stage.login(inside)
    for number in range(8):
        open_list(stage, inside, 60 + number * 20, "Contact", number + 1)
    export_report(stage, inside, 400, 530_001, 2_300)


SCENARIO = Scenario(
    "password_spray_then_login",
    "one address guesses passwords of many accounts until one opens",
    plant,
    signals=(),
    patterns=(
        "failed logins of more than ten users from one address in a quarter of an hour",
        "more than ten failed logins of one user, then a good one",
    ),
)
