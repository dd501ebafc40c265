"""Who is called when no person answers, and when no person is on call: counted from the policy, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from agent.daemon.drills.legal.drill_rules import DrillRules
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.daemon.drills.legal.legal_state import LegalState
from agent.detection.sigma.rule import Level
from agent.notice.arrangements.people import OnCallSettings
from agent.notice.arrangements.policies import ON_CALL, PolicySettings
from agent.notice.settings import NoticeSettings
from agent.wording.number import counted

AGAIN = 2
"""Times that the last tier is called after all rounds, as long as the drill looks."""
SOON = timedelta(minutes=1)
AT_ONCE = timedelta(seconds=1)
UNANSWERED, NOBODY = "escalation-unanswered", "no-person-notified"
LEVELS: tuple[Level, ...] = ("high", "critical")
"""Of the incident: the first that a policy is for."""
PEOPLE = "people"
"""The stage that says whom the settings name."""

NO_POLICY = "no policy is for incidents of level high or critical"

Occasion = tuple[datetime, int]
"""When people were told, and the tier."""


def nobody_acknowledges(state: LegalState, rules: DrillRules, begin: datetime) -> Iterator[LegalStage]:
    """Every tier at its time in every round; then the last one again and again. Who acknowledges then ends it."""
    life = LegalLife(state, "silence", rules, begin)
    level, policy = _policy(rules.settings)
    yield from _people(rules)
    if policy is None:
        yield judged("policy", [NO_POLICY], "")
        return
    life.open(level)
    wanted = _occasions(policy, life.begin)
    life.pass_to(wanted[-1][0] + SOON)
    wrong = _differences(_told(life), wanted)
    yield judged("tiers", wrong, f"{counted(len(policy.steps), 'tier')} in {counted(policy.repeat + 1, 'round')} at their times, then the last one again")  # fmt: skip
    kinds = {problem.kind for problem in life.problems.open()}
    wrong = [] if UNANSWERED in kinds else ["that all rounds have ended without an answer is not a problem"]
    yield judged("unanswered", wrong, "that no person answered is an open problem")
    unmarked = [message for message in life.messages() if not message.summary.startswith("[DRILL]")]
    wrong = [f"a message does not say that it is a drill: {message.summary}" for message in unmarked]
    yield judged("messages", wrong, f"{counted(len(life.messages()), 'message')} made, each marked as a drill")
    life.ask("incidents_acknowledge", by="drill")
    wrong = [f"{message.id} still waits" for message in life.messages("escalation") if message.state == "waiting"]
    wrong += [f"the problem {problem.kind} is open" for problem in life.problems.open()]
    count = len(_told(life))
    life.pass_to(life.now + policy.acknowledgement / 2)
    wrong += ["people were called after that"] if len(_told(life)) != count else []
    yield judged("acknowledged", wrong, "who acknowledges ends it, and what waits is withdrawn")
    lapsed = life.now - policy.acknowledgement / 2 + policy.acknowledgement
    life.pass_to(lapsed + SOON)
    wrong = [] if len(_told(life)) > count else ["nothing was done after it, and no tier was called again"]
    yield judged("lapsed", wrong, "an acknowledgement without anything done ends, and the next tier is called")


def nobody_on_call(state: LegalState, rules: DrillRules, begin: datetime) -> Iterator[LegalStage]:
    """Others are called at once; where there is no person at all that is a problem, until there is one."""
    empty = replace(rules, settings=rules.settings.model_copy(update={"on_call": OnCallSettings()}))
    life = LegalLife(state, "empty", empty, begin)
    level, policy = _policy(rules.settings)
    yield from _people(rules)
    if policy is None:
        yield judged("policy", [NO_POLICY], "")
        return
    life.open(level)
    first = life.begin + policy.steps[0].after
    life.pass_to(first)
    skipped = 0
    for step in policy.steps:
        if any(word.partition(":")[0] != ON_CALL for word in step.notify):
            break
        skipped += 1
    said = len(list(life.records("no-notification-sent")))
    wrong = [] if said == skipped else [f"{said} tiers are recorded as empty, and {skipped} are expected"]
    told = [message for message in life.messages("escalation") if timedelta(0) <= message.created_at - first <= AT_ONCE]
    wrong += [] if told else ["no other person was called at once"]
    yield judged("others at once", wrong, f"{counted(skipped, 'empty tier')} recorded, and {counted(len(told), 'message')} made at once")  # fmt: skip
    yield from _no_person(state, empty, begin, level, policy)


def _no_person(
    state: LegalState, rules: DrillRules, begin: datetime, level: Level, policy: PolicySettings
) -> Iterator[LegalStage]:
    life = LegalLife(state, "no-person", rules, begin)
    people = dict(life.roster.everybody)
    life.roster.everybody.clear()
    life.open(level)
    life.pass_to(life.begin + policy.steps[0].after + SOON)
    kinds = {problem.kind for problem in life.problems.open()}
    wrong = [] if NOBODY in kinds else ["that no person can be notified is not a problem"]
    wrong += ["messages were made for no person"] if life.messages() else []
    yield judged("no person", wrong, "that no person can be notified is an open problem")
    life.roster.everybody.update(people)
    life.pass_to(life.now + SOON)
    wrong = [] if life.messages("escalation") else ["a person is there again, and was not called within a minute"]
    yield judged("a person again", wrong, "once a person is there, that person is called within a minute")


def _people(rules: DrillRules) -> Iterator[LegalStage]:
    if rules.stands_in:
        said = "the settings name no person who can be called: two others are called in this drill"
        yield LegalStage(PEOPLE, passed=True, sentence=said)


def _policy(settings: NoticeSettings) -> tuple[Level, PolicySettings | None]:
    """The level of the incident, and the policy that is for it."""
    found = [(level, policy) for level in LEVELS for policy in settings.policies_in_force if level in policy.levels]
    return found[0] if found else (LEVELS[0], None)


def _occasions(policy: PolicySettings, begin: datetime) -> list[Occasion]:
    """By the words of the settings: rounds one after the other, then the last tier."""
    found: list[Occasion] = []
    for number in range(policy.repeat + 1):
        start = begin + number * (policy.steps[-1].after + policy.repeat_after)
        found += [(start + step.after, tier) for tier, step in enumerate(policy.steps, 1)]
    last, tier = found[-1]
    return found + [(last + number * policy.acknowledgement, tier) for number in range(1, AGAIN + 1)]


def _told(life: LegalLife) -> list[Occasion]:
    return [(record.time, int(record.data["tier"])) for record in life.records("escalation-step")]


def _differences(found: list[Occasion], wanted: list[Occasion]) -> list[str]:
    if len(found) != len(wanted):
        return [f"people were called {len(found)} times, and {len(wanted)} are expected"]
    return [
        f"tier {tier} was called at {at:%Y-%m-%d %H:%M:%S} UTC, and tier {expected} at {due:%H:%M:%S} is expected"
        for (at, tier), (due, expected) in zip(found, wanted, strict=True)
        if tier != expected or not timedelta(0) <= at - due <= AT_ONCE
    ]
