"""What a link shows of an incident: as little as the message that it came with, and nothing that an event brought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from agent.notice.incidents.incident import Incident
from agent.notice.messages.text import MOST_RULES
from agent.sources.inbound.serving.answers import Answer
from agent.sources.inbound.serving.page import page
from agent.wording.moment import utc

DRILL = '<p class="mark">DRILL: this is an exercise.</p>'


def form_page(
    incident: Incident, org: str, tier: int, expires_at: datetime, names: Sequence[str], proof: str, hint: str = ""
) -> Answer:
    """With the button. `names`: who may act, at least one; `proof`: what the form sends along; `hint`: what was wrong with it
    the last time.
    """
    said = f'<p class="mark" role="alert">{escape(hint)}</p>' if hint else ""
    rows = [*_rows(incident, org, tier), ("This link works until", utc(expires_at))]
    form = (
        f'<form method="post">\n<input type="hidden" name="proof" value="{escape(proof)}">\n{_who(names)}\n'
        "<button>Acknowledge</button>\n</form>\n"
        '<p class="soft">With it you say that you look at this. Messages about it pause; no deadline of a law does.</p>'
    )
    title = f"Acknowledge this {incident.level} incident?"
    return page(400 if hint else 200, title, f"{_mark(incident)}{said}{_list(rows)}\n{form}")


def state_page(incident: Incident, org: str, sentence: str, *, title: str = "") -> Answer:
    """Without a button. `sentence`: what there is to say."""
    content = f'{_mark(incident)}<p role="status">{escape(sentence)}</p>\n{_list(_rows(incident, org, 0))}'
    return page(200, title or "Nothing to do", content)


def settled(incident: Incident) -> str:
    """Why nobody can acknowledge it any more; empty where somebody can. Who did is not said: the page shows no names of the state."""
    if incident.state == "merged":
        return f"This incident was merged into {incident.merged_into}. Nothing is to be done here."
    if not incident.is_open:
        return f"This incident has ended ({incident.state}). Nothing is to be done here."
    if incident.acknowledged_at is not None:
        return f"This incident was acknowledged at {utc(incident.acknowledged_at)}. Nothing is to be done here."
    return ""


def _rows(incident: Incident, org: str, tier: int) -> Iterator[tuple[str, str]]:
    yield "Incident", incident.id
    yield "Level", incident.level
    yield "State", incident.state
    if org:
        yield "Org", org
    names = [count.name for count in sorted(incident.rules.values(), key=lambda count: -count.alerts)]
    if names:
        further = f" and {len(names) - MOST_RULES} further" if len(names) > MOST_RULES else ""
        yield "Rules", "; ".join(names[:MOST_RULES]) + further
    yield "Detected", utc(incident.detected_at)
    if tier:
        yield "Tier", str(tier)


def _list(rows: Sequence[tuple[str, str]] | Iterator[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in rows)}</dl>"


def _who(names: Sequence[str]) -> str:
    if len(names) == 1:
        return (
            f'<p>As <strong>{escape(names[0])}</strong></p><input type="hidden" name="who" value="{escape(names[0])}">'
        )
    choices = "".join(
        f'<label><input type="radio" name="who" value="{escape(name)}" required>{escape(name)}</label>'
        for name in names
    )
    return f"<fieldset><legend>Who are you?</legend>{choices}</fieldset>"


def _mark(incident: Incident) -> str:
    return DRILL if incident.origin == "drill" else ""
