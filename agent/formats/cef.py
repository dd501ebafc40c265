"""ArcSight Common Event Format: a shaped frame to one line a row.

`CEF:0|device vendor|device product|device version|signature id|name|severity|extension`

The device is the log's origin, as `observer.*` says it: `Salesforce|Event Monitoring` for what Salesforce logged,
`Leakline|Leakline` for alerts and Leakline's own events. The signature is the event type, or the rule's id. Severity
is `event.severity` (0 to 100) in tenths; an event without one has 1.

All of the event is in the line: under a standard key where one fits (`cef_keys.EXTENSION`), else under a key of our own
(`cef_own_key`), such as `salesforceUpdateType`. docs/cef.md has both, with a line of each event type.

A value that is too long for its key ends in `…`, a number too large for its key is the largest there is, and both are
named in `flexString2` (the whole value is then under the field's own key, within 4,000 characters). The same key names
those of which `leakline.truncated` says that their value was cut on the way here, and has what it says of fields that
were left out: the name of a group (`agent.pipeline.long_rows.drop_order`), or `*`, and then the line has standard keys alone. An IPv6
source goes to `c6a2`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.columns.small import SMALL
from agent.formats import cef_columns, cef_rows


def encode(frame: pl.DataFrame, *, own_keys: bool = True, leave_out: Sequence[str] = ()) -> pl.Series:
    """One CEF line a row; `frame`: shaped (`agent.model`).

    Without `own_keys` a line has standard keys alone, and less than its event. `leave_out` names fields that no line is
    to have; `related.*` is all below `related`.
    """
    columns = {column.name: column for column in frame.iter_columns() if not _is_among(column.name, leave_out)}
    lines = cef_rows.lines if frame.height <= SMALL else cef_columns.lines
    return lines(columns, frame.height, own_keys=own_keys)


def _is_among(field: str, names: Sequence[str]) -> bool:
    return any(field == name or (name.endswith(".*") and field.startswith(name[:-1])) for name in names)
