"""Whether the secrets that the settings name are there at the start: an org or destination without its own stops no other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from agent.errors import LeaklineError, NotReady, SettingsError
from agent.model import Destination
from agent.sources.salesforce.session import Session


def unusable_destinations(
    sessions: Collection[Session], destinations: Collection[Destination]
) -> Mapping[str, SettingsError]:
    """Destinations, by name, whose secret or certificate cannot be used now; they try again whenever they send.

    Raises SettingsError when nothing can run: Leakline cannot sign in to any org, or no destination can be sent to.
    """
    absent = [error for session in sessions if (error := _missing_secret(session)) is not None]
    missing: dict[str, SettingsError] = {}
    for destination in destinations:
        try:
            destination.prepare()
        except SettingsError as error:
            missing[destination.name] = error
    if absent and len(absent) == len(sessions):
        raise _nothing("Leakline cannot sign in to any org", absent)
    if missing and len(missing) == len(destinations):
        raise _nothing("nothing can be sent to any destination", missing.values())
    return missing


def _missing_secret(session: Session) -> NotReady | None:
    try:
        session.prepare()
    except NotReady as error:
        return error
    return None


def _nothing(what: str, reasons: Iterable[LeaklineError]) -> SettingsError:
    return SettingsError(f"{what}: {'; '.join(str(reason) for reason in reasons)}", hint="`leakline check` names each")
