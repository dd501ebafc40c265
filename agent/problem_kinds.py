"""The kinds of problems: how each ends, and what a person does about it. An own event has the name of its kind as its action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Clears = Literal["itself", "person"]
"""`itself`: it is over when what failed works again. `person`: something is lost or in doubt, and it stays until
somebody replays, drops or acknowledges it."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem; its name is the `event.action` of the event that tells it."""

    clears: Clears
    fix: str
    """What a person does about it; a problem may bring better words of its own."""
    over: str = ""
    """`event.action` of the event that tells its end."""
    also_over: str = ""
    """The same, where it may end because there is nothing to wait for any more."""
    ends_on_word: bool = False
    """Whether somebody's word ends it although it clears itself; those that wait for a person always end on it."""


_ACKNOWLEDGE = "then `leakline problems acknowledge ID`"
_DEAD_LETTERS = "`leakline dead-letters list` shows them; replay them once the cause is removed, or drop them"

KINDS: Mapping[str, ProblemKind] = {
    # The trail
    "trail-damaged": ProblemKind(
        "person",
        "keep the state directory as it is for those who investigate, compare with what the SIEM received "
        f"(`leakline trail verify --checkpoints`); {_ACKNOWLEDGE}",
    ),
    "trail-not-signed": ProblemKind("itself", "make room, or correct what the reason names", over="trail-signed"),
    "trail-not-mirrored": ProblemKind(
        "itself",
        "see why destinations accept nothing of the lane `alerts`; until one does, no copy elsewhere shows whether the newest "
        "records were changed",
        over="trail-mirrored",
    ),
    # Settings
    "settings-drift": ProblemKind(
        "itself",
        "see who wrote the file; put the approved settings back (`leakline changes show` has them), or propose what it says: "
        "`leakline changes propose`",
        over="settings-as-approved",
    ),
    "rules-differ": ProblemKind(
        "itself",
        "see who wrote the files; put the approved ones back, or vote on the request: `leakline changes list`",
        over="rules-as-approved",
    ),
    "pack-differs": ProblemKind(
        "itself",
        "read what the newer pack weakens, and vote on the request: `leakline changes list`",
        over="pack-as-approved",
    ),
    "break-glass-open": ProblemKind(
        "itself",
        "propose what is to last, and end it: `leakline changes end-break-glass NUMBER`; it ends at its time in any case",
        over="break-glass-over",
    ),
    "too-few-approvers": ProblemKind(
        "itself",
        "add people to the groups that have the role privacy or approver: at least two people have to be in them",
        over="enough-approvers",
    ),
    # Drills
    "drill-failed": ProblemKind(
        "itself",
        "`leakline drill status` shows which stage failed; correct what it names and run it again: `leakline drill run SCENARIO`",
        over="drill-passed-again",
    ),
    "drills-overdue": ProblemKind(
        "itself",
        "see why they do not run or pass: `leakline drill status`; `drills.schedule` says when they run",
        over="drills-in-time",
    ),
    # Notices
    "regimes-refused": ProblemKind(
        "itself",
        "correct the pack that is named, or remove `notice.pack`, then `leakline reload`",
        over="regimes-accepted",
    ),
    "incident-damaged": ProblemKind(
        "itself",
        "stop Leakline and put back a backup of the state directory, or install the newer version that wrote it; until then keep "
        "its deadlines by hand: `leakline clocks list` has those that were reckoned, the SIEM has its alerts",
        over="incident-readable",
    ),
    "notice-late": ProblemKind(
        "itself",
        "send the notice and record it (`leakline incidents decide ID --obligation REGIME/OBLIGATION sent`), or record why it is "
        "late or need not be sent; `leakline clocks list` shows what else is due",
        over="notice-settled",
    ),
    # Telling people
    "escalation-unanswered": ProblemKind(
        "itself",
        "look after the incident: `leakline incidents show ID` says what to do next; the last tier is notified again meanwhile",
        over="escalation-answered",
    ),
    "no-person-notified": ProblemKind(
        "itself",
        "look after the incident (`leakline incidents show ID`); `leakline oncall show` says who is on call, and "
        "`leakline check --send-test-notice` which channel fails",
        over="person-notified",
    ),
    "channel-failed": ProblemKind(
        "itself",
        "correct the other side or `notice.channels`, then try it: `leakline check "
        "--send-test-notice`. People are notified over their other channels meanwhile, and what waits is sent later",
        over="channel-works",
    ),
    "escalation-behind": ProblemKind(
        "itself",
        "a person may not have been notified: `leakline incidents list` shows what waits; no heartbeat is sent until it is over",
        over="escalation-in-time",
    ),
    "heartbeat-failed": ProblemKind(
        "itself",
        "look at the monitor that `notice.heartbeat` names and the way to it; it may call a person meanwhile",
        over="heartbeat-works",
    ),
    "calendar-failed": ProblemKind(
        "itself",
        "correct the file `notice.on_call.calendar`, or let what writes it write it again; until then the events that were read "
        "last count, and `leakline oncall show` says who is on call by them",
        over="calendar-read",
    ),
    # Reading
    "source-failed": ProblemKind("itself", "`leakline check` shows what the org refuses", over="source-recovered"),
    "source-held-back": ProblemKind(
        "itself",
        "nothing is lost, and reading continues as the calls of the last 24 hours become fewer; `leakline check` says which "
        "`every` to raise; or raise `api_budget.share`",
        over="source-caught-up",
    ),
    "pass-failed": ProblemKind(
        "itself",
        "report it with the traceback in the log under `pass failed`; reading is tried again",
        over="pass-recovered",
    ),
    "source-stopped": ProblemKind(
        "itself",
        "correct the rule or mapping that was changed last, then `leakline reload`; if the rows themselves are bad, "
        "`leakline problems acknowledge ID` keeps them as dead letters",
        over="source-resumed",
        ends_on_word=True,
    ),
    "heartbeat-missing": ProblemKind(
        "itself",
        "see whether the sender runs and reaches the listener; if it is not to beat any more, remove its `heartbeat` from the "
        "settings",
        over="heartbeat-back",
    ),
    "look-up-failed": ProblemKind(
        "itself",
        "`leakline check` shows what the org refuses; the look-up is tried again every 5 minutes",
        over="look-up-recovered",
    ),
    "ingest-paused": ProblemKind("itself", "make room; reading then continues", over="ingest-resumed"),
    "record-passed-over": ProblemKind("itself", "nothing to do yet: each poll tries it again", over="record-read"),
    "log-gap": ProblemKind("person", f"ask Salesforce for the file; {_ACKNOWLEDGE}"),
    "log-truncated": ProblemKind("person", f"compare what arrived with the file in the org; {_ACKNOWLEDGE}"),
    "log-held": ProblemKind("person", f"compare the day's file with its hours; {_ACKNOWLEDGE}"),
    "day-incomplete": ProblemKind(
        "itself",
        "the reason says what is missing: dead letters are replayed, a day's file that did not come is to be asked "
        f"for; {_ACKNOWLEDGE}",
        over="day-complete",
        ends_on_word=True,
    ),
    "backfill-failed": ProblemKind(
        "itself",
        "do what the reason says; it is tried again, and `leakline backfill --stop` ends it",
        over="backfill-resumed",
    ),
    "stream-failed": ProblemKind(
        "itself",
        "do what the reason says; other channels are received, and this one is tried again",
        over="stream-recovered",
        also_over="stream-withdrawn",
    ),
    "stream-missing": ProblemKind(
        "itself",
        "switch streaming on for the event in Setup > Event Manager, or remove it from `events` of the source real_time",
        over="stream-found",
    ),
    "stream-gap": ProblemKind(
        "person", f"a source of type stored_events fills it as far as the org stores the event; {_ACKNOWLEDGE}"
    ),
    "event-not-read": ProblemKind(
        "itself", "let the org store the event and the user see it; each poll tries it again", over="event-read"
    ),
    "event-unnamed": ProblemKind("itself", "let the user see the field EventIdentifier", over="event-named"),
    "event-gap": ProblemKind("person", f"its events are in the log files of those hours at best; {_ACKNOWLEDGE}"),
    "object-not-read": ProblemKind(
        "itself", "do what the reason says; other objects are read, and each poll tries it again", over="object-read"
    ),
    "fields-hidden": ProblemKind(
        "itself",
        "let the user see the fields (field-level security, or a permission set); rows come without them until then",
        over="fields-visible",
    ),
    "object-gap": ProblemKind("person", f"look at the object in the org for that moment; {_ACKNOWLEDGE}"),
    "snapshot-failed": ProblemKind(
        "itself",
        "do what the reason says; the next look tries again, and nothing is lost but time",
        over="snapshot-taken",
    ),
    "snapshot-doubtful": ProblemKind(
        "itself",
        "give the user the permission again if it was lost; otherwise the next look decides",
        over="snapshot-settled",
    ),
    "differences-left-out": ProblemKind("person", f"look at the object in the org; {_ACKNOWLEDGE}"),
    "feed-silent": ProblemKind(
        "itself",
        "look in the org whether it still happens; if it ended for good, `leakline problems acknowledge ID`",
        over="feed-heard",
        ends_on_word=True,
    ),
    "inbound-refused": ProblemKind(
        "itself",
        "compare the token, key or certificate that the sender uses with the one in the settings; if it is an attacker, "
        "let a firewall keep that address from the listener",
        over="inbound-proven",
        ends_on_word=True,
    ),
    # Delivering
    "destination-unavailable": ProblemKind(
        "itself", "`leakline check` shows what the destination refuses", over="destination-recovered"
    ),
    "destination-stopped": ProblemKind(
        "itself",
        "correct what it refuses; one row is tried every 5 minutes, or at once after "
        "`leakline problems acknowledge ID`",
        over="destination-resumed",
        ends_on_word=True,
    ),
    "batches-set-aside": ProblemKind(
        "itself",
        "repair the destination; the rows are sent once it accepts them again",
        over="set-aside-delivered",
        ends_on_word=True,
    ),
    "dead-letters": ProblemKind("person", _DEAD_LETTERS),
    "rows-dropped": ProblemKind("person", f"raise `aside_quota_mb` or repair the destination; {_ACKNOWLEDGE}"),
    # Keeping
    "batch-damaged": ProblemKind(
        "itself", "nothing to do yet: its rows are fetched from the org again", over="batch-restored"
    ),
    "rows-lost": ProblemKind("person", f"look for a failing disk; {_ACKNOWLEDGE}"),
    "ids-forgotten": ProblemKind("person", f"events that come again much later are sent twice; {_ACKNOWLEDGE}"),
    "state-recovered": ProblemKind("person", f"compare `leakline status` with the SIEM; {_ACKNOWLEDGE}"),
    "state-restored": ProblemKind("person", f"events come again with the same ids; {_ACKNOWLEDGE}"),
    "state-damaged": ProblemKind("person", "stop the daemon; `leakline state inspect` shows what to do"),
    # Running
    "clock-jumped": ProblemKind(
        "itself",
        "set the machine's clock; if it is right now, run `leakline problems acknowledge ID`",
        over="clock-right",
        ends_on_word=True,
    ),
    "clock-skew": ProblemKind(
        "itself",
        "set the machine's clock, and let a time service keep it (chrony, systemd-timesyncd)",
        over="clock-agrees",
    ),
    "clock-unsynchronised": ProblemKind(
        "itself",
        "let a time service keep the clock (`timedatectl set-ntp true`, or chrony); `timedatectl` shows what it says",
        over="clock-synchronised",
        ends_on_word=True,
    ),
    "file-not-loaded": ProblemKind("itself", "correct the file, then `leakline reload`", over="file-loaded"),
    "org-not-loaded": ProblemKind(
        "itself", "correct the file of settings that is named, then `leakline reload`", over="org-loaded"
    ),
    "loop-stalled": ProblemKind(
        "itself", "restart the daemon if it stays; the log has the stacks of all threads", over="loop-recovered"
    ),
    "listener-failed": ProblemKind("itself", "free the port or choose another", over="listener-recovered"),
}
"""By name. docs/operating.md has a section for each."""
