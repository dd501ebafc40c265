"""What a version is missing, and how each of it is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.notice.drafts.catalogue import NoticeForm
from agent.notice.drafts.notice import NoticeEntry, NoticeVersion
from agent.notice.incidents.changes.fact_values import OWN
from agent.notice.incidents.incident import Incident


@dataclass(frozen=True, slots=True)
class MissingEntry:
    id: str
    title: str
    how: Sequence[str]
    """Commands or settings, the best one first; the last is always `--set`."""


def missing_entries(version: NoticeVersion, form: NoticeForm, incident: Incident) -> list[MissingEntry]:
    """In the order of the form."""
    return [_missing(entry, form, incident) for entry in version.missing]


def to_confirm(version: NoticeVersion) -> list[NoticeEntry]:
    """What a person should look at: estimates and presumptions that the notice needs."""
    return [entry for entry in version.entries if entry.needed and entry.text and entry.estimated]


def _missing(entry: NoticeEntry, form: NoticeForm, incident: Incident) -> MissingEntry:
    field = next((field for field in form.fields if field.id == entry.id), None)
    how: list[str] = []
    if field is not None and field.fact in OWN:
        how.append(f"leakline incidents fact {incident.id} {field.fact}=VALUE")
    if field is not None and field.setting:
        how.append(f"`{field.setting}` under `notice.organisation` in the settings")
    if field is not None and field.anchor:
        how.append(f"leakline incidents anchor {incident.id} {field.anchor}=TIME")
    if field is not None and field.incident == "residents":
        how.append(f"leakline incidents fact {incident.id} residents_XX=NUMBER")
    return MissingEntry(entry.id, entry.title, [*how, f"--set {entry.id}=VALUE"])
