"""`make cef-page`: writes docs/cef.md, what a CEF line has of an event, from the code and the golden files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from agent.formats.cef import encode
from agent.formats.cef_keys import EXTENSION, HEADER, HEADER_FIELDS, LABELS, home_of, kind_and_length
from agent.formats.cef_own_fields import LENGTH
from agent.formats.cef_own_key import own_key
from agent.normalize.cell_fields import address_field
from agent.normalize.mapping.mapping import TWIN, Mapping
from agent.pipeline.long_rows.drop_order import GROUPS, KEPT, LEAST_FORM
from tests.golden.documents import (
    FOLDER,
    SEEN,
    SERVICE,
    golden_batches,
    objects,
    real_time_events,
    shipped_normalizer,
)

PAGE = Path(__file__).parents[2] / "docs" / "cef.md"

_KINDS = {
    "text": "text", "integer": "32-bit number", "long": "64-bit number", "decimal": "decimal number",
    "time": "milliseconds since 1970", "ipv4": "IPv4 address", "ipv6": "IPv6 address",
}  # fmt: skip

INTRODUCTION = """# CEF lines

Written by `make cef-page` from the code and the golden files; do not edit it.

`CEF:0|vendor|product|version|signature|name|severity|extension`: all of an event is in its line. A field has a standard key
where one fits by its meaning (first table), and else a key of our own. Nothing is left out unless a setting says so:

```yaml
destinations:
  - type: syslog
    host: siem.example.com
    port: 6514
    format: cef
    cef: {own_keys: true, leave_out: []}
```

`own_keys: false` writes standard keys alone, `leave_out` names fields that no line is to have (`related.*` is all below
`related`; names are those of the JSON form).

## Standard keys

| key | label | field | type | length |
|---|---|---|---|---|
"""

OWN = f"""
Of several fields a key has the first that the row has a value in. **Bold** is the key's home: the field that it holds
unless the line has the own key of another field of that key with the same value (`cn1=200` and
`salesforceRecordsProcessed=200`). Severity is a tenth of `event.severity`, which is there whole as `{own_key("event.severity")}`.
A duration is in whole milliseconds; one with a fraction is there whole too.

## Keys of our own

    salesforce.row_count        {own_key("salesforce.row_count")}
    leakline.alert.event_ids    {own_key("leakline.alert.event_ids")}
    source.geo.city_name        {own_key("source.geo.city_name")}

A key begins with `salesforce` or `leakline` as its field does, or with `ecs` in front of any other field. Behind that `_x`
becomes `X` and `.x` becomes `_x`; `_1` stays, any other `_` is doubled, any other character is its code point (`_Xe9_`). Keys have
letters, digits and `_` only, no two fields have the same, and none is a key of the CEF dictionary.

Values are text within {LENGTH:,} characters (what the dictionary allows cs1 to cs6: with less, padding in front of a query
would hide the query); numbers and `true` or `false` as they are; times as `2026-03-02T08:15:11.952Z`; lists with commas
between their elements, where a comma or backslash inside an element has a backslash before it. In any value `\\`, `=` and line
ends are escaped as the specification says, and other control characters become their pictures (`␀` to `␡`).

They follow the standard keys: first those of Salesforce, then Leakline's, then `ecs…`, each by the alphabet.

## What is too long

A value longer than its key's length ends in `…` and a number too large is the largest there is; `flexString2` names these
keys, and the value is whole under the field's own key. A line longer than the destination's `max_row_bytes` is shortened
(`too_long: shorten`), and what goes first is this:

1. Texts longer than 256 bytes lose their ends, the longest first; `flexString2` names their keys.
2. These groups of fields, one after the other; `flexString2` has the group's name:
"""

REST = """3. The other texts are cut further, to 32 bytes at least.
4. All goes but some fields that have standard keys; `flexString2` has `*`. Kept are, as far as the row has them: {kept}.
5. Of these, one name each of: {least}.

Alerts are always shortened, never dropped.
"""


_REAL_TIME = """
## Fields of real-time events and of objects

As above, streamed and stored alike. An event or object that is not described has each field under a key of its own, by its
name in lower case.

| field of the vendor | field | key |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    normalizer = shipped_normalizer()
    types = sorted(path.stem for path in FOLDER.glob("*.csv"))
    mappings = [normalizer.mappings.get(SERVICE, event_type) for event_type in types]
    groups = [f"   - `{name}`: {_code(fields)}" for name, fields in GROUPS.items()]
    standard = {*HEADER_FIELDS.values(), *(field for fields in EXTENSION.values() for field in fields)}
    kept = [field for field in KEPT if field in standard]
    least = "; ".join(" or ".join(f"`{field}`" for field in fields) for fields in LEAST_FORM)
    parts = [
        INTRODUCTION + "\n".join((*_header(), *_standard())) + "\n",
        OWN + "\n".join(groups) + "\n" + REST.format(kept=_code(kept), least=least),
        "\n## Columns of event log files\n\nWhere each column is. All types together; a cell that its field does not give"
        f" back as it was is in `{own_key('leakline.raw_cells')}`.\n\n| column | field | key |\n|---|---|---|\n"
        + "\n".join(_columns(mappings)) + "\n",
        "\n## A line of each event type\n",
    ]  # fmt: skip
    events = [*real_time_events(), *objects()]
    for event_type in (*types, *events):
        batch = golden_batches(event_type)[0]
        shaped = normalizer.shape(normalizer.prepare(batch), batch, SEEN)
        parts.append(f"\n### {event_type}\n\n```\n{encode(_fullest(shaped))[0]}\n```\n")
    described = [normalizer.mappings.get(golden_batches(event)[0].source, event) for event in events]
    parts.insert(-len((*types, *events)) - 1, _REAL_TIME + "\n".join(_columns(described)) + "\n")
    return "".join(parts)


def _header() -> Iterator[str]:
    for name, (length, _, fields) in HEADER.items():
        yield f"| {name} (header) | | {_fields(fields, fields[0] if fields else '')} | text | {length:,} |"
    yield "| severity (header) | | `event.severity` | 0 to 10 | |"


def _standard() -> Iterator[str]:
    for key, fields in EXTENSION.items():
        kind, length = kind_and_length(key)
        size = f"{length:,}" if length and kind == "text" else ""
        yield f"| {key} | {LABELS.get(key, '')} | {_fields(fields, home_of(key))} | {_KINDS[kind]} | {size} |"


def _fields(fields: Iterable[str], home: str) -> str:
    return (
        ", ".join(f"**`{field}`**" if field == home else f"`{field}`" for field in fields) or "the version of Leakline"
    )


def _columns(mappings: Iterable[Mapping]) -> Iterator[str]:
    found: dict[str, dict[str, None]] = {}
    for mapping in mappings:
        for column, field in mapping.fields().items():
            if not (column.endswith(TWIN) and field != "@timestamp"):
                fields = [field, address_field(field)] if field.endswith(".ip") else [field]
                found.setdefault(column, {}).update(dict.fromkeys(fields))
    for column, homes in sorted(found.items()):
        yield f"| {column} | {_code(homes)} | {_code(dict.fromkeys(_key(field) for field in homes))} |"


def _key(field: str) -> str:
    standard = {home_of(key): key for key in EXTENSION}
    return "src or c6a2" if field == "source.ip" else standard.get(field) or own_key(field)


def _fullest(shaped: pl.DataFrame) -> pl.DataFrame:
    """The first of the rows that have most values."""
    filled = shaped.select(pl.sum_horizontal(pl.all().is_not_null())).to_series()
    return shaped.slice(int(filled.arg_max() or 0), 1)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
