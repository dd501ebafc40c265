"""An account that nobody has used for long logs in and looks around."""

from __future__ import annotations

from datetime import timedelta

from agent.simulator.scenarios.findings import found
from agent.simulator.world.actions import download_file, open_list
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage


def plant(stage: Stage) -> None:
    """From a telephone network of the owner's country, in the evening; five lists and six files."""
    owner = stage.staff.dormant[0]
    session = stage.session(owner, stage.at_hour(21) + 4 * 60_000, 30, stage.address("mobile", 0, owner.country))
    stage.login(session)
    for number in range(5):
        open_list(stage, session, 60 + number * 40, "Contact", number + 1)
    for number in range(6):
        download_file(stage, session, 400 + number * 50, 420_000 + number, stage.number(90_000, 3_000_000, number))
    found(
        stage, "LoginAnomalyEvent", session, 15, 55.0, "Login after a long time without any", FeatureName="daysSinceLogin",
        data={"daysSinceLogin": 190}, FeatureValue=190.0,
    )  # fmt: skip


SCENARIO = Scenario(
    "dormant_account_awakes",
    "an account idle for months logs in, opens lists and takes a few files",
    plant,
    signals=("Login of a user who has not logged in for months",),
    history=timedelta(days=30),
)
