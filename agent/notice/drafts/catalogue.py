"""The fields that notices have, as data (`fields.yaml`), and which of them a notice of an obligation has and needs.

The pack of regimes has a list of contents for many regimes, in words. What of it is in no field here becomes a field of its own, so
that every obligation has a draft, those of newer packs too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.notice.regimes.model import Regime, RegimePack

SHIPPED = Path(__file__).with_name("fields.yaml")

ELSE = "*"
"""Any other kind of recipient."""

REASONS, WITHDRAWN = "reasons_for_delay", "withdrawn_because"
"""Fields that a notice needs once it is late, and once it is withdrawn."""

WHOLE = frozenset({"authority", "customer"})
"""Recipients whose drafts show all fields; letters to others have those that they need, and those that a person adds."""

RECEIPTS = "earlier_receipts"
"""What each submission changes by itself."""

LONGEST_ID = 60
"""Characters of the id of a field that is made of the pack's words."""

FREE = "free"
"""The section of such fields."""
FREE_TITLE = "What this notice asks for besides"


class NoticeField(BaseModel):
    """What a notice says in one place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    section: str
    title: str
    setting: str = ""
    """A key of `notice.organisation`."""
    anchor: str = ""
    else_: Literal["", "first_event", "last_event"] = Field(default="", alias="else")
    """What of the evidence is its estimate while the anchor is not declared."""
    fact: str = ""
    incident: Literal["", "id", "org", "detected_at", "roles", "rules", "residents"] = ""
    clock: Literal["", "due", "receipts", "others"] = ""


class Catalogue(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sections: Mapping[str, str]
    fields: tuple[NoticeField, ...]
    always: Mapping[str, tuple[str, ...]]
    otherwise: Mapping[str, tuple[str, ...]]
    no_reasons: tuple[str, ...]
    besides: Mapping[str, tuple[str, ...]]
    contents: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _hangs_together(self) -> Catalogue:
        ids = [field.id for field in self.fields]
        named = [id_ for table in (self.always, self.otherwise, self.besides, self.contents) for id_ in _all(table)]
        if wrong := [id_ for id_ in ids if ids.count(id_) > 1] + [id_ for id_ in named if id_ not in ids]:
            raise ValueError(f"{wrong[0]!r} is twice a field, or is not one")
        if wrong := [field.section for field in self.fields if field.section not in self.sections]:
            raise ValueError(f"{wrong[0]!r} is not a section")
        return self


@dataclass(frozen=True, slots=True)
class NoticeForm:
    """The fields of one obligation's notice, in their order."""

    fields: Sequence[NoticeField]
    needed: frozenset[str]
    """Ids of those without which it is incomplete."""
    hidden: frozenset[str]
    """Those that it has only where a person fills them."""
    gives_reasons: bool
    """Whether it has to say why it is late, once it is."""
    sections: Mapping[str, str]


@lru_cache(maxsize=1)
def shipped_fields() -> Catalogue:
    """The catalogue of this package."""
    return Catalogue.model_validate(yaml.load(SHIPPED.read_bytes(), yaml.CSafeLoader))


def form_of(regime_id: str, obligation: str, recipient: str, pack: RegimePack) -> NoticeForm:
    """`recipient`: as a clock has it, the kind and perhaps a name behind a colon. A regime that the pack does not have, such as a
    contract, is asked for what its kind of recipient needs.
    """
    catalogue, kind = shipped_fields(), recipient.partition(":")[0]
    asked = _contents(pack.regime(regime_id), obligation)
    free = [_free_field(text) for text in asked if text not in catalogue.contents]
    listed = [id_ for text in asked for id_ in catalogue.contents.get(text, ())]
    if not asked:
        listed = list(catalogue.otherwise.get(kind, catalogue.otherwise[ELSE]))
    always = catalogue.always.get(kind, catalogue.always[ELSE])
    needed = frozenset([*always, *listed, *catalogue.besides.get(regime_id, ()), *(field.id for field in free)])
    fields = [*catalogue.fields, *{field.id: field for field in free}.values()]
    seldom = {WITHDRAWN, REASONS} if kind in WHOLE else {field.id for field in fields} - needed
    return NoticeForm(
        fields,
        needed,
        frozenset(seldom),
        kind not in catalogue.no_reasons,
        {**catalogue.sections, FREE: FREE_TITLE},
    )


def _contents(regime: Regime | None, obligation: str) -> list[str]:
    """What the pack lists for the regime, without what it lists for another stage of it: `final: root cause`."""
    if regime is None:
        return []
    duties = {duty.id for duty in regime.obligations} | {duty.stage for duty in regime.obligations}
    own = {obligation} | {duty.stage for duty in regime.obligations if duty.id == obligation}
    return [text for text in regime.content if (stage := text.partition(": ")[0]) not in duties or stage in own]


def _free_field(text: str) -> NoticeField:
    id_ = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_ID]
    return NoticeField(id=id_ if id_[:1].isalpha() else f"field_{id_}", section=FREE, title=text)


def _all(table: Mapping[str, Iterable[str]]) -> list[str]:
    return [id_ for ids in table.values() for id_ in ids]
