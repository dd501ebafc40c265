"""A session's cookie is used from elsewhere while its owner works on."""

from __future__ import annotations

from dataclasses import replace

from agent.simulator.scenarios.findings import found
from agent.simulator.world.actions import export_report, open_list
from agent.simulator.world.clients import BROWSERS
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage


def plant(stage: Stage) -> None:
    """No login tells of it: the keys are the owner's, the addresses and the browser are not."""
    owner = stage.person("Customer Service", "DE")
    start = stage.at_hour(11) + 2 * 60_000
    own = stage.session(owner, start, 55, stage.own_address(owner))
    browser = next(candidate for candidate in BROWSERS if candidate.browser != owner.client.browser)
    elsewhere = [
        replace(
            own, ip=ip, user_agent=browser.user_agent, browser=browser.browser, browser_version=browser.browser_version,
            system=browser.system, system_version=browser.system_version,
        )
        for ip in (stage.address("hosting", 0), stage.address("hosting", 1), stage.address("anonymizer", 0))
    ]  # fmt: skip
    stage.login(own)
    for number in range(40):
        account = long_id(short_id("Case", 3_000 + number))
        stage.leave("LightningPageView", own, 30 + number * 75, PAGE_URL=f"/lightning/r/Case/{account}/view")
        stage.leave("URI", own, 31 + number * 75)
    for number in range(24):
        open_list(stage, elsewhere[number // 8], 900 + number * 40, "Contact", number + 1)
        stage.leave("URI", elsewhere[number // 8], 901 + number * 40)
    stage.tell(
        "ApiEvent", elsewhere[1], 1_300, ApiType="REST", Operation="Query", OperationStatus="Success", ApiVersion=66.0,
        Query="SELECT Id, Name, Email, Phone FROM Contact", QueriedEntities="Contact", RowsProcessed=2_000.0, RowsReturned=2_000.0,
    )  # fmt: skip
    found(
        stage, "SessionHijackingEvent", elsewhere[0], 960, 88.0, "The session is used by another browser than before",
        data={"userAgent": browser.user_agent}, CurrentIp=elsewhere[0].ip, PreviousIp=own.ip, CurrentPlatform=browser.system,
        PreviousPlatform=own.system, CurrentUserAgent=browser.user_agent, PreviousUserAgent=own.user_agent,
        CurrentScreen="(1280,720)", PreviousScreen="(1920,1080)", CurrentWindow="(1280,640)", PreviousWindow="(1900,950)",
    )  # fmt: skip
    export_report(stage, elsewhere[2], 1_950, 550_001, 1_700)


SCENARIO = Scenario(
    "session_hijack",
    "one session is used from its owner's office and from three addresses elsewhere",
    plant,
    signals=("an address on a rented server or an anonymiser",),
    patterns=("one session key from several networks within minutes",),
)
