"""Destinations that no longer take a shard, or a lane of it: nobody will ever send what waits for them there."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from agent.model import LANES, Lane
from agent.store import keys
from agent.store.accounts import Accounts, DeliveryAccount
from agent.store.queue.state_stores import StateStores
from agent.store.spool import Position


def drop_removed(stores: StateStores, named: Collection[tuple[str, Lane]]) -> None:
    """Count as dropped, and report, what waits in the spool for others than `named` (destination, lane).

    They lose their positions: one that is named again later begins at the end, like a new one, and gets nothing of the
    time between. To be called before the first trimming of a start, which would remove what waits in silence.
    """
    accounts = Accounts(stores.state)
    for key in stores.state.keys(keys.POSITION.prefix):
        name, _, last = keys.POSITION.rest(key).rpartition("/")
        lane = cast("Lane", last)
        if lane not in LANES or (name, lane) in named:
            continue
        position = Position.parse(stores.state.text(key) or "0:0")
        start, end = stores.spool.start(lane), stores.spool.end(lane)
        rows = stores.spool.rows_between(lane, max(position, start, key=lambda p: (p.sequence, p.row)), end)
        whose = f" of {stores.shard}" if stores.shard else ""
        message = f"the settings no longer send the lane {lane}{whose} to {name}: rows that waited for it were dropped"
        with stores.state.transact() as transaction:
            transaction.delete(key)
            if rows:
                accounts.add_delivery(transaction, name, lane, DeliveryAccount(dropped=rows))
                stores.problems.report("rows-dropped", name, message, count=rows)
