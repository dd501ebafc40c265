"""What single changes do: a table."""

from __future__ import annotations

from typing import Any

import pytest

from agent.changes.classes.change_class import ChangeClass, gravest
from agent.changes.classes.comparisons.governed import differences
from tests.changes.classes.documents import Edit, add, changed, drop, governed, put, swap

STEP = {"notify": ["everyone"], "after": "20m"}
CONTRACT = {"name": "beta", "anchor": "aware", "hours": 48, "recipient": "Beta"}
PERSON = {"name": "kim", "channels": ["mail"], "addresses": {}, "roles": []}
POLICY = {
    "name": "low",
    "levels": ["low"],
    "orgs": [],
    "steps": [STEP],
    "repeat": 0,
    "repeat_after": "15m",
    "acknowledgement": "4h",
}
ROTATION = {
    "name": "week",
    "people": ["eve"],
    "every": "7d",
    "handover": "Mon 09:00 UTC",
    "hours": [],
    "holidays": None,
}
DEFAULT, CRITICAL = "notice.policies[default]", "notice.policies[critical]"

Example = tuple[Edit, ChangeClass, str]

DUTIES: list[Example] = [
    (put("notice", None), "forbidden", "notice"),
    (put("notice.zone", "UTC"), "weaken", "notice.zone"),
    (drop("notice.jurisdictions[us-ca]"), "weaken", "notice.jurisdictions[us-ca]"),
    (add("notice.jurisdictions", "uk"), "strengthen", "notice.jurisdictions[uk]"),
    (put("notice.jurisdictions", ["us-ca", "eu"]), "neutral", "notice.jurisdictions"),
    (drop("notice.roles[processor]"), "weaken", "notice.roles[processor]"),
    (add("notice.sectors", "health"), "strengthen", "notice.sectors[health]"),
    (drop("notice.contracts[acme]"), "weaken", "notice.contracts[acme]"),
    (add("notice.contracts", CONTRACT), "strengthen", "notice.contracts[beta]"),
    (put("notice.contracts[acme].hours", 48), "weaken", "notice.contracts[acme].hours"),
    (put("notice.contracts[acme].hours", 12.5), "strengthen", "notice.contracts[acme].hours"),
    (put("notice.contracts[acme].hours", float("nan")), "weaken", "notice.contracts[acme].hours"),
    (put("notice.contracts[acme].anchor", "determined"), "weaken", "notice.contracts[acme].anchor"),
    (put("notice.contracts[acme].anchor", "suspected"), "weaken", "notice.contracts[acme].anchor"),
    (put("notice.contracts[acme].anchor", "detected"), "strengthen", "notice.contracts[acme].anchor"),
    (put("notice.contracts[acme].recipient", "Beta"), "weaken", "notice.contracts[acme].recipient"),
    (put("notice.clocks_from", "critical"), "weaken", "notice.clocks_from"),
    (put("notice.clocks_from", "medium"), "strengthen", "notice.clocks_from"),
    (put("notice.presume_aware_after", "25h"), "weaken", "notice.presume_aware_after"),
    (put("notice.presume_aware_after", "PT12H"), "strengthen", "notice.presume_aware_after"),
    (put("notice.presume_aware_after", "PT24H"), "neutral", "notice.presume_aware_after"),
    (put("notice.group_within", "1h"), "weaken", "notice.group_within"),
    (put("notice.close_candidates_after", "1d"), "weaken", "notice.close_candidates_after"),
    (put("notice.longest_snooze", "2d"), "weaken", "notice.longest_snooze"),
    (put("notice.longest_maintenance", "1h"), "strengthen", "notice.longest_maintenance"),
    (put("notice.links_expire_after", "7d"), "weaken", "notice.links_expire_after"),
    (put("notice.pack", "/etc/leakline/newer.yaml"), "neutral", "notice.pack"),
    (put("notice.alarms.at", [0.9, 1.0]), "weaken", "notice.alarms.at"),
    (put("notice.alarms.at", [0.25, 0.5, 0.75, 0.9, 1.0]), "strengthen", "notice.alarms.at"),
    (put("notice.alarms.short_up_to", "12h"), "strengthen", "notice.alarms.short_up_to"),
    (put("notice.alarms.short_up_to", "1h"), "weaken", "notice.alarms.short_up_to"),
    (put("notice.heartbeat", None), "weaken", "notice.heartbeat"),
    (put("notice.heartbeat.url", "https://other.example.com"), "weaken", "notice.heartbeat.url"),
    (put("notice.heartbeat.every", "30s"), "strengthen", "notice.heartbeat.every"),
    (put("notice.heartbeat.proxy", None), "weaken", "notice.heartbeat.proxy"),
    (put("notice.canary", None), "weaken", "notice.canary"),
    (drop("notice.canary.channels[hook]"), "weaken", "notice.canary.channels[hook]"),
    (put("notice.organisation.name", "Example plc"), "neutral", "notice.organisation.name"),
    (put("notice.organisation.dpo", "Kim"), "neutral", "notice.organisation.dpo"),
    (put("notice.organisation.authority", "DPC"), "weaken", "notice.organisation.authority"),
    (put("notice.new_key", 1), "weaken", "notice.new_key"),
]

PEOPLE: list[Example] = [
    (put(f"{DEFAULT}.steps[1].after", "30m"), "weaken", f"{DEFAULT}.steps[1].after"),
    (put(f"{DEFAULT}.steps[1].after", "10m"), "strengthen", f"{DEFAULT}.steps[1].after"),
    (drop(f"{DEFAULT}.steps[2]"), "weaken", f"{DEFAULT}.steps"),
    (put(f"{DEFAULT}.steps", []), "forbidden", f"{DEFAULT}.steps"),
    (drop(f"{CRITICAL}.steps[1].notify[ben]"), "weaken", f"{CRITICAL}.steps[1].notify[ben]"),
    (add(f"{CRITICAL}.steps[1].notify", "eve"), "strengthen", f"{CRITICAL}.steps[1].notify[eve]"),
    (add(f"{DEFAULT}.steps", STEP, 2), "strengthen", f"{DEFAULT}.steps"),
    # One tier more at the end makes every repetition later.
    (add(f"{DEFAULT}.steps", {"notify": ["everyone"], "after": "2h"}), "weaken", f"{DEFAULT}.steps"),
    (put(f"{DEFAULT}.repeat", 0), "weaken", f"{DEFAULT}.repeat"),
    (put(f"{DEFAULT}.repeat", 5), "strengthen", f"{DEFAULT}.repeat"),
    (put(f"{DEFAULT}.repeat_after", "1h"), "weaken", f"{DEFAULT}.repeat_after"),
    (put(f"{DEFAULT}.acknowledgement", "8h"), "weaken", f"{DEFAULT}.acknowledgement"),
    (put(f"{DEFAULT}.acknowledgement", "2h"), "strengthen", f"{DEFAULT}.acknowledgement"),
    (drop(f"{DEFAULT}.levels[high]"), "weaken", f"{DEFAULT}.levels[high]"),
    (add(f"{DEFAULT}.levels", "medium"), "strengthen", f"{DEFAULT}.levels[medium]"),
    # The first policy that fits is taken: more levels take incidents from those after it.
    (add(f"{CRITICAL}.levels", "high"), "weaken", f"{CRITICAL}.levels[high]"),
    (put(f"{DEFAULT}.orgs", []), "strengthen", f"{DEFAULT}.orgs"),
    (put(f"{CRITICAL}.orgs", ["prod"]), "weaken", f"{CRITICAL}.orgs"),
    (drop(DEFAULT), "weaken", DEFAULT),
    (swap("notice.policies"), "weaken", "notice.policies"),
    (add("notice.policies", POLICY), "strengthen", "notice.policies[low]"),
    (add("notice.policies", POLICY, 0), "weaken", "notice.policies[low]"),
    (add("notice.policies", {**POLICY, "steps": []}), "forbidden", "notice.policies[low]"),
    (add("notice.policies", {**POLICY, "name": "default"}), "weaken", "notice.policies"),
    (drop("notice.people[eve]"), "weaken", "notice.people[eve]"),
    (put("notice.people", []), "forbidden", "notice.people"),
    (add("notice.people", PERSON), "strengthen", "notice.people[kim]"),
    (swap("notice.people"), "neutral", "notice.people"),
    (drop("notice.people[ann].channels[chat]"), "weaken", "notice.people[ann].channels[chat]"),
    (put("notice.people[ann].addresses.mail", "a@example.com"), "weaken", "notice.people[ann].addresses.mail"),
    (drop("notice.people[ann].addresses.mail"), "weaken", "notice.people[ann].addresses.mail"),
    (put("notice.people[ann].addresses.chat", "U1"), "weaken", "notice.people[ann].addresses.chat"),
    (drop("notice.people[ben].roles[lead]"), "weaken", "notice.people[ben].roles[lead]"),
    (drop("notice.on_call.rotations[night]"), "weaken", "notice.on_call.rotations[night]"),
    (add("notice.on_call.rotations", ROTATION), "strengthen", "notice.on_call.rotations[week]"),
    (swap("notice.on_call.rotations[day].people"), "neutral", "notice.on_call.rotations[day].people"),
    (drop("notice.on_call.rotations[day].people[ben]"), "weaken", "notice.on_call.rotations[day].people[ben]"),
    (
        put("notice.on_call.rotations[day].hours", ["Mon-Fri 08:00-18:00"]),
        "weaken",
        "notice.on_call.rotations[day].hours",
    ),
    (put("notice.on_call.rotations[night].hours", []), "neutral", "notice.on_call.rotations[night].hours"),
    (put("notice.on_call.rotations[day].holidays", "DE"), "weaken", "notice.on_call.rotations[day].holidays"),
    (put("notice.on_call.rotations[day].handover", "08:00 UTC"), "neutral", "notice.on_call.rotations[day].handover"),
    (
        put("notice.on_call.rotations[night].handover", "20:00 Asia/Tokyo"),
        "weaken",
        "notice.on_call.rotations[night].handover",
    ),
    (put("notice.on_call.calendar", None), "weaken", "notice.on_call.calendar"),
    (drop("notice.channels[pager]"), "weaken", "notice.channels[pager]"),
    (put("notice.channels[mail].host", "localhost"), "weaken", "notice.channels[mail].host"),
    (
        drop("notice.channels[mail].to[security@example.com]"),
        "weaken",
        "notice.channels[mail].to[security@example.com]",
    ),
    (put("notice.channels[mail].starttls", False), "weaken", "notice.channels[mail].starttls"),
    (put("notice.channels[mail].tls.ca", "/tmp/ca.pem"), "weaken", "notice.channels[mail].tls.ca"),
    (put("notice.channels[mail].password.file", "/tmp/p"), "weaken", "notice.channels[mail].password.file"),
    (put("notice.channels[hook].url", "https://other.example.com"), "weaken", "notice.channels[hook].url"),
    (put("notice.channels[teams].url.env", "OTHER"), "weaken", "notice.channels[teams].url.env"),
    (put("notice.channels[siem].destination", "file"), "weaken", "notice.channels[siem].destination"),
    (put("notice.channels[pager].timeout", "1ms"), "weaken", "notice.channels[pager].timeout"),
    (put("notice.channels[pager].timeout", "30s"), "neutral", "notice.channels[pager].timeout"),
]

BESIDES: list[Example] = [
    (put("permissions", None), "forbidden", "permissions"),
    (drop("permissions.groups.counsel"), "forbidden", "permissions.groups"),
    (put("permissions.groups.managers", "viewer"), "forbidden", "permissions.groups"),
    (put("permissions.groups", {}), "forbidden", "permissions.groups"),
    (put("permissions.groups.new", "approver"), "weaken", "permissions.groups.new"),
    (put("permissions.groups.new", "admin"), "weaken", "permissions.groups.new"),
    (put("permissions.groups.new", "service"), "weaken", "permissions.groups.new"),
    (put("permissions.groups.new", "auditor"), "neutral", "permissions.groups.new"),
    (put("permissions.groups.soc", "admin"), "weaken", "permissions.groups.soc"),
    (put("permissions.groups.new", "king"), "weaken", "permissions.groups.new"),
    (drop("permissions.groups.audit"), "weaken", "permissions.groups.audit"),
    (drop("permissions.groups.admins"), "weaken", "permissions.groups.admins"),
    (drop("permissions.groups.all"), "neutral", "permissions.groups.all"),
    (put("trail.key", None), "weaken", "trail.key"),
    (put("trail.checkpoint_every", "5m"), "weaken", "trail.checkpoint_every"),
    (put("trail.checkpoint_every", "PT30S"), "strengthen", "trail.checkpoint_every"),
    (put("drills", None), "weaken", "drills"),
    (put("drills.schedule", "0 9 1 1 *"), "weaken", "drills.schedule"),
    (put("drills.schedule", "0 9 * * *"), "strengthen", "drills.schedule"),
    (put("drills.schedule", "30 10 1 * *"), "neutral", "drills.schedule"),
    (put("drills.schedule", "0 9 31 * *"), "weaken", "drills.schedule"),
    (put("drills.schedule", "whenever"), "weaken", "drills.schedule"),
    (put("drills.scenarios", "all"), "strengthen", "drills.scenarios"),
    (drop("drills.scenarios[drip]"), "weaken", "drills.scenarios"),
    (put("drills.overdue_after", "60d"), "weaken", "drills.overdue_after"),
    (put("drills.zone", "Europe/Berlin"), "neutral", "drills.zone"),
    (add("rules.disabled", "mass"), "weaken", "rules.disabled[mass]"),
    (drop("rules.disabled[noisy]"), "strengthen", "rules.disabled[noisy]"),
    (put("rules.minimum_level", "high"), "weaken", "rules.minimum_level"),
    (put("rules.shipped", False), "weaken", "rules.shipped"),
    (drop("rules.statuses[test]"), "weaken", "rules.statuses[test]"),
    (drop("rules.folders[/etc/leakline/rules]"), "weaken", "rules.folders[/etc/leakline/rules]"),
    (add("rules.folders", "/tmp"), "weaken", "rules.folders[/tmp]"),
    (add("rules.placeholders.ApprovedAppIds", "0H4C"), "weaken", "rules.placeholders.ApprovedAppIds"),
    (drop("rules.placeholders.ApprovedAppIds[0H4A]"), "strengthen", "rules.placeholders.ApprovedAppIds"),
    (put("rules.placeholders.BadNetworks", []), "weaken", "rules.placeholders.BadNetworks"),
    (put("rules.placeholders.Names.file", "/m"), "weaken", "rules.placeholders.Names.file"),
    (put("rules.adjust.mass.threshold", 101), "weaken", "rules.adjust.mass.threshold"),
    (put("rules.adjust.mass.threshold", 99), "strengthen", "rules.adjust.mass.threshold"),
    (put("rules.adjust.mass.threshold", None), "weaken", "rules.adjust.mass.threshold"),
    (put("rules.adjust.mass.timespan", "5m"), "weaken", "rules.adjust.mass.timespan"),
    (put("rules.adjust.mass.level", "low"), "weaken", "rules.adjust.mass.level"),
    (put("rules.adjust.other", {"ratio": 9}), "weaken", "rules.adjust.other.ratio"),
    (put("rules.fold", "1d"), "weaken", "rules.fold"),
    (drop("destinations[splunk]"), "weaken", "destinations[splunk]"),
    (put("destinations[splunk].url", "https://x.example.com"), "weaken", "destinations[splunk].url"),
    (put("destinations[splunk].index", "trash"), "weaken", "destinations[splunk].index"),
    (drop("destinations[splunk].lanes[alerts]"), "weaken", "destinations[splunk].lanes[alerts]"),
    (put("destinations[splunk].orgs", ["prod"]), "weaken", "destinations[splunk].orgs"),
    (put("destinations[splunk].host", "renamed"), "neutral", "destinations[splunk].host"),
    (put("destinations[syslog].host", "localhost"), "weaken", "destinations[syslog].host"),
    (put("destinations[splunk].gzip", False), "neutral", "destinations[splunk].gzip"),
    (put("destinations[file].directory", "/tmp"), "weaken", "destinations[file].directory"),
    (put("destinations[file].keep", 2), "weaken", "destinations[file].keep"),
    (put("destinations[file].keep", None), "strengthen", "destinations[file].keep"),
    (put("destinations[syslog].transport", "udp"), "weaken", "destinations[syslog].transport"),
    (put("destinations[elastic].tls.ca", "/tmp/ca.pem"), "weaken", "destinations[elastic].tls.ca"),
    (put("destinations[elastic].when_aside_full", "drop"), "weaken", "destinations[elastic].when_aside_full"),
    (put("destinations", []), "weaken", "destinations[file]"),
    (put("something", {}), "weaken", "something"),
]

EXAMPLES = [*DUTIES, *PEOPLE, *BESIDES]


@pytest.mark.parametrize(
    ("edit", "expected", "path"), EXAMPLES, ids=[f"{path} {said} {row}" for row, (_, said, path) in enumerate(EXAMPLES)]
)
def test_a_change_has_its_class_at_its_place(edit: Edit, expected: ChangeClass, path: str) -> None:
    """Each change of the table is found where it was made, with the class that it has and a reason."""
    found = differences(governed(), changed(edit))
    assert gravest(found) == expected, found
    assert {difference.change_class for difference in found if difference.path == path} == {expected}, found
    assert all(difference.why.endswith(".") for difference in found)


@pytest.mark.parametrize(
    ("before", "edits", "expected"),
    [
        ([put("permissions", None)], [], "strengthen"),
        ([put("permissions", None)], [put("permissions.groups", {"root": "admin"})], "forbidden"),
        # Where no group may agree, only a change that adds one is possible.
        ([put("permissions.groups", {"a": "admin"})], [put("permissions.groups", {"a": "admin", "b": "viewer"})], "forbidden"),
        ([put("permissions.groups", {"a": "admin"})], [put("permissions.groups", {"a": "admin", "p": "privacy"})], "weaken"),
        ([put("drills", None)], [], "strengthen"),
        ([put("trail.key", None)], [], "strengthen"),
        ([put("notice", None)], [], "strengthen"),
        # One group may agree from the beginning, as where all of its people are in one team.
        ([put("permissions.groups", {"a": "admin", "p": "privacy"})], [put("permissions.groups", {"a": "admin", "p": "privacy", "v": "viewer"})], "neutral"),
        ([put("permissions.groups.more", "admin")], [], "strengthen"),
        # Without policies the default is in force, which notifies everyone.
        ([put("notice.policies", [])], [put("notice.policies", [POLICY])], "weaken"),
        # Without a rotation a step to who is on call goes to everyone.
        ([put("notice.on_call.rotations", [])], [put("notice.on_call.rotations", [ROTATION])], "weaken"),
        # What is set up first adds, whatever it is.
        ([put("notice.people", []), put("notice.policies", [])], [put("notice.policies", [POLICY])], "strengthen"),
        ([put("notice.people", []), put("notice.on_call.rotations", [])], [put("notice.on_call.rotations", [ROTATION])], "strengthen"),
        ([put("notice.alarms.short", [1.0])], [put("notice.alarms.short", [1.0]), put("notice.alarms.short_up_to", "9d")], "weaken"),
        ([], [add("notice.people[ben].channels", "chat"), put("notice.people[ben].addresses.chat", "U2")], "strengthen"),
        # Rounds that were rarer than the repetition after them: one more of them is later.
        ([put(f"{DEFAULT}.repeat_after", "9d")], [put(f"{DEFAULT}.repeat_after", "9d"), put(f"{DEFAULT}.repeat", 3)], "weaken"),
    ],
)  # fmt: skip
def test_what_was_there_before_decides(before: list[Edit], edits: list[Edit], expected: ChangeClass) -> None:
    """The same value can be more or less, by what it takes the place of and what is beside it."""
    assert gravest(differences(changed(*before), changed(*edits))) == expected


def test_true_is_not_one() -> None:
    """A switch that becomes a number is a difference, though Python calls them equal."""
    edit: Any = put("destinations[splunk].acknowledgements", 0)
    assert [difference.path for difference in differences(governed(), changed(edit))] == [
        "destinations[splunk].acknowledgements"
    ]
