"""Who may do what, written down once more and the other way round: by role."""

from __future__ import annotations

from collections.abc import Mapping

from agent.permissions.roles import Role

_INCIDENTS = {"incidents_list", "incidents_show", "notices_list", "notices_show"}
_HANDLING = {
    "incidents_acknowledge",
    "incidents_assign",
    "incidents_comment",
    "incidents_snooze",
    "link_show",
    "link_acknowledge",
}
_WATCHING = {
    *("status", "backfill_status", "trail_about", "incidents_list"),
    *("drill_list", "drill_show", "drill_status"),
}
_ARRANGEMENTS = {"clocks_list", "oncall_show", "changes_list", "changes_show"}
_DEAD_LETTERS = {"dead_letters_list", "dead_letters_show"}
_RUNNING = {
    *("acknowledge", "dead_letters_replay", "trail_checkpoint", "drill_run"),
    *("oncall_override", "oncall_end_override", "oncall_maintenance", "oncall_end_maintenance"),
}
_VOTING = {"changes_approve", "changes_reject"}

EXPECTED: Mapping[Role, set[str]] = {
    "viewer": _WATCHING,
    "auditor": {*_WATCHING, *_INCIDENTS, *_ARRANGEMENTS, *_DEAD_LETTERS, "trail_lines", "trail_checkpoint"},
    "responder": {*_WATCHING, *_INCIDENTS, *_ARRANGEMENTS, *_DEAD_LETTERS, *_HANDLING, *_RUNNING},
    "privacy": {
        *_WATCHING,
        *_INCIDENTS,
        *_ARRANGEMENTS,
        *_HANDLING,
        *_VOTING,
        *(
            "incidents_anchor",
            "incidents_fact",
            "incidents_decide",
            "incidents_close",
            "incidents_merge",
            "incidents_split",
        ),
        *("notices_draft", "notices_sign", "notices_sent", "notices_not_applicable"),
        *("trail_lines", "trail_checkpoint", "trail_erase"),
    },
    "approver": {*_WATCHING, *_ARRANGEMENTS, *_VOTING},
    "admin": {
        *_WATCHING,
        *_ARRANGEMENTS,
        *_DEAD_LETTERS,
        *_RUNNING,
        *("reload", "backfill_cost", "backfill_start", "backfill_stop", "dead_letters_drop"),
        *("changes_propose", "changes_withdraw", "changes_break_glass", "changes_end_break_glass"),
    },
    "service": {"status", "reload", "report_submit"},
}
"""Each role has exactly these."""

LISTENER = {"report_submit", "link_show", "link_acknowledge"}
"""Actions of the inbound listener; all others are requests of the control socket."""
