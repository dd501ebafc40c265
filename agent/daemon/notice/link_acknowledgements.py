"""What the links in messages do: show an incident, and acknowledge it, once, with how that came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import structlog

from agent.daemon.control.gate import Gate
from agent.daemon.incidents.handling_requests import acknowledgement
from agent.daemon.incidents.incident_edit import Edit, Editing, IncidentEdits
from agent.daemon.incidents.incident_finder import UnknownIncident
from agent.errors import LeaklineError
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident
from agent.notice.links import token as tokens
from agent.notice.links.incident_page import form_page, settled, state_page
from agent.notice.links.link_key import LinkKey
from agent.notice.links.token import LinkToken
from agent.notice.messages import outbox
from agent.permissions.principal import link_principal
from agent.sources.inbound.serving.answers import Answer, RequestRefusal
from agent.sources.inbound.serving.link_route import LinkRequest
from agent.sources.inbound.serving.page import plain_page

log = structlog.get_logger()

USED = "link-used/"
"""Keys under `keys.RESPONSE`, by the digest of a link: JSON {message, incident, at}."""

USED_TITLE = "This link was used already"
USED_ALREADY = "A link acknowledges once; nothing was done now."
OUTDATED = "This link works no longer. Newer messages have newer links; `leakline incidents acknowledge` works always."


class _UsedAlready(LeaklineError):
    """The link has acknowledged before."""


class LinkAcknowledgements:
    """A `LinkHandler`. Each may be called from any thread."""

    def __init__(
        self, key: LinkKey, edits: IncidentEdits, people: Sequence[str], now: Callable[[], datetime], gate: Gate
    ) -> None:
        """`people`: the names of all who can be notified; `gate`: who may do what."""
        self._gate = gate
        self._key = key
        self._edits = edits
        self._people = people
        self._now = now

    def knows(self, token: str) -> bool:
        """Raises RequestRefusal."""
        return self._read(token) is not None

    def answer(self, request: LinkRequest) -> Answer:
        """Raises RequestRefusal."""
        token = self._read(request.token)
        key = self._key.existing()
        if token is None or key is None:
            raise RequestRefusal(404, "There is no such link.")
        if self._now() >= token.expires_at:
            return plain_page(410, "This link has expired", OUTDATED)
        try:
            return self._known(request, token, key)
        except UnknownIncident:
            return plain_page(410, "There is no such incident", "The state does not have the incident of this link.")
        except LeaklineError as error:
            log.warning("a link could not be served", incident=token.incident, reason=str(error))
            raise RequestRefusal(503, str(error), retry_after=1) from error

    def _known(self, request: LinkRequest, token: LinkToken, key: bytes) -> Answer:
        """Raises LeaklineError, RequestRefusal."""
        desk, incident = self._edits.finder.incident(token.incident)
        if request.form is not None and not tokens.is_form_proof(request.form.get("proof", ""), request.token, key):
            raise RequestRefusal(403, "The form is not that of the page.")
        reason = settled(incident)
        if desk.recall(USED + tokens.digest(request.token)) is not None and (request.form is not None or not reason):
            return state_page(incident, desk.shard, USED_ALREADY, title=USED_TITLE)
        if reason:
            return state_page(incident, desk.shard, reason)
        message = outbox.readable(desk.recall, token.message)
        named = message.target.people if message is not None else ()
        names = [name for name in self._people if name in named or not named]  # to a place, and nobody by name: to all
        action = "link_show" if request.form is None else "link_acknowledge"
        names = [name for name in names if self._gate.admits(action, link_principal(name))]
        if not names:
            return plain_page(410, "This link works no longer", OUTDATED)
        who = (request.form or {}).get("who", "")
        if request.form is None or who not in names:
            hint = "Say who you are." if request.form is not None else ""
            tier, proof = message.tier if message else 0, tokens.form_proof(request.token, key)
            return form_page(incident, desk.shard, tier, token.expires_at, names, proof, hint)
        return self._acknowledge(desk, request, token, who)

    def _acknowledge(self, desk: IncidentDesk, request: LinkRequest, token: LinkToken, who: str) -> Answer:
        """Raises LeaklineError."""
        try:
            self._edits.edit(token.incident, who, lambda editing, before: _edit(editing, before, request, token))
            said, title = (
                f"Acknowledged as {who}. Now say in Leakline what it is: its deadlines run on.",
                "Acknowledged",
            )
        except _UsedAlready:
            said, title = USED_ALREADY, USED_TITLE
        except NotAllowed:  # somebody was faster
            said, title = "", ""
        _, incident = self._edits.finder.incident(token.incident)
        return state_page(incident, desk.shard, said or settled(incident), title=title)

    def _read(self, token: str) -> LinkToken | None:
        """Raises RequestRefusal where the key cannot be read now."""
        try:
            key = self._key.existing()
        except LeaklineError as error:
            raise RequestRefusal(503, str(error), retry_after=1) from error
        return tokens.read(token, key) if key is not None else None


def _edit(editing: Editing, before: Incident, request: LinkRequest, token: LinkToken) -> Edit:
    """With the mark of the used link, in one transaction. Raises NotAllowed, _UsedAlready."""
    used = USED + tokens.digest(request.token)
    if editing.change.recall(used) is not None:
        raise _UsedAlready(USED_ALREADY)
    edit = acknowledgement(editing, before, {"method": "link", "message": token.message}, _client(request))
    about = {"message": token.message, "incident": token.incident, "at": editing.now.isoformat()}
    editing.change.apply({used: orjson.dumps(about)})
    return edit


def _client(request: LinkRequest) -> Mapping[str, Any]:
    """Of whom the link was used, as far as it is known; bounded and redacted where it was read."""
    client = {"address": request.address, "forwarded_for": request.forwarded_for, "user_agent": request.user_agent}
    return {name: value for name, value in client.items() if value}
