"""Columns that mean the same in every event type: the request, who made it, from where, what it cost."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from agent.simulator.rows.block import Block
from agent.simulator.world.record_id import long_ids, pool

OBJECTS = {"Account": 24, "Contact": 20, "Opportunity": 18, "Case": 16, "Lead": 10, "Task": 8, "Product2": 4}
"""The objects people work with, by how often."""

_STATUS = {"S": 967, "F": 18, "U": 5, "R": 6, "A": 2, "N": 2}
_LOOKED_AT = ("Account", "Contact", "Opportunity", "Case", "Lead")
_RECORDS = 4000
"""Of each object, as far as anybody looks at them."""


def record(block: Block, name: str = "record") -> pl.Series:
    """Ids of records that people look at, as `String` of 15 characters."""
    return block.random.choice(name, pl.concat([pool(kind, _RECORDS) for kind in _LOOKED_AT]))


def record_type(block: Block, name: str = "record") -> pl.Series:
    """The objects that the ids of `record` belong to."""
    number = block.random.below(name, _RECORDS * len(_LOOKED_AT)) // _RECORDS
    return pl.Series(_LOOKED_AT).gather(number)


def page(block: Block) -> pl.Series:
    """Paths of Lightning pages: records and list views."""
    object_name = record_type(block)
    view = block.join("/lightning/r/", object_name, "/", long_ids(record(block)), "/view")
    listing = block.join("/lightning/o/", object_name, "/list?filterName=", block.random.choice("view", _VIEWS))
    return block.pick(block.random.whether("is list", 0.24), listing, view)


_VIEWS = {"Recent": 50, "AllAccounts": 8, "MyOpportunities": 18, "AllOpenLeads": 8, "My_Open_Cases": 16}


def id_in(paths: pl.Series) -> pl.Series:
    """The 18-character record id inside a path, empty where there is none."""
    found = paths.str.extract(r"/([0-9a-zA-Z]{18})(?:/|\?|$)", 1).fill_null("")
    classic = paths.str.extract(r"^/([0-9a-zA-Z]{15})(?:\?|$)", 1).fill_null("")
    return pl.DataFrame({"a": found, "b": long_ids(classic)}).select(pl.concat_str("a", "b")).to_series()


def stamp(block: Block) -> pl.Series:
    """TIMESTAMP: `yyyyMMddHHmmss.SSS`, GMT."""
    return block.instant.dt.strftime("%Y%m%d%H%M%S%.3f")


def stamp_derived(block: Block) -> pl.Series:
    """TIMESTAMP_DERIVED: ISO 8601 with milliseconds."""
    return block.instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def _status(block: Block) -> pl.Series:
    return block.random.choice("status", _STATUS)


def _database_time(block: Block) -> pl.Series:
    """Nanoseconds in most types."""
    return block.random.spread("database", 400_000, 900_000_000)


def _database_milliseconds(block: Block) -> pl.Series:
    return block.random.spread("database ms", 1, 900)


def _agent(block: Block) -> pl.Series:
    return block.actor["user_agent"]


def _version(block: Block) -> pl.Series:
    return block.random.choice("api version", {"66.0": 50, "65.0": 20, "62.0": 12, "59.0": 10, "52.0": 5, "9998.0": 3})


def _success(block: Block) -> pl.Series:
    return block.random.choice("success", {"1": 98, "0": 2})


def _cpu_time(block: Block) -> pl.Series:
    """Milliseconds, a part of RUN_TIME."""
    run = block.random.spread_numbers("run time", 4, 6000)
    return (run * (0.1 + 0.8 * block.random.part("cpu time"))).cast(pl.Int64).cast(pl.String)


def _exception(block: Block) -> pl.Series:
    return block.pick(_status(block) == "F", block.random.choice("exception", _EXCEPTIONS))


_EXCEPTIONS = (
    "INVALID_FIELD: No such column 'Colour__c'",
    "UNABLE_TO_LOCK_ROW",
    "ENTITY_IS_DELETED: entity is deleted",
)

SHARED: dict[str, Callable[[Block], pl.Series | str]] = {
    "EVENT_TYPE": lambda block: block.event_type,
    "TIMESTAMP": stamp,
    "TIMESTAMP_DERIVED": stamp_derived,
    "REQUEST_ID": lambda block: block.random.token("request"),
    "ORGANIZATION_ID": lambda block: block.tenant.org,
    "USER_ID": lambda block: block.actor["user"],
    "USER_ID_DERIVED": lambda block: block.actor["user_long"],
    "USER_TYPE": lambda block: block.actor["user_type"],
    "CLIENT_IP": lambda block: block.actor["ip"],
    "SESSION_KEY": lambda block: block.actor["session_key"],
    "LOGIN_KEY": lambda block: block.actor["login_key"],
    "RUN_TIME": lambda block: block.random.spread("run time", 4, 6000),
    "CPU_TIME": _cpu_time,
    "URI": page,
    "REQUEST_STATUS": _status,
    "DB_TOTAL_TIME": _database_time,
    "DB_BLOCKS": lambda block: block.random.spread("blocks", 20, 60_000),
    "DB_CPU_TIME": _database_milliseconds,
    "USER_AGENT": _agent,
    "API_VERSION": _version,
    "REQUEST_SIZE": lambda block: block.random.spread("request size", 90, 9000),
    "RESPONSE_SIZE": lambda block: block.random.spread("response size", 300, 400_000),
    "SUCCESS": _success,
    "IS_SUCCESS": _success,
    "STATUS_CODE": lambda block: block.random.choice(
        "status code", {"200": 930, "201": 20, "204": 15, "400": 12, "404": 13, "401": 5, "500": 5}
    ),
    "CONNECTED_APP_ID": lambda block: block.actor["application_id"],
    "CLIENT_NAME": lambda block: block.actor["client_name"],
    "ENTITY_NAME": lambda block: block.random.choice("entity", OBJECTS),
    "ROWS_PROCESSED": lambda block: block.random.spread("rows", 1, 2000),
    "EXCEPTION_MESSAGE": _exception,
    "NUMBER_FIELDS": lambda block: block.random.spread("fields", 2, 60),
}
"""Column name to its default."""

MILLISECONDS = {"DB_TOTAL_TIME": _database_milliseconds}
"""For the types that give database time in milliseconds: ApexExecution, ApexSoap, ApexTrigger."""
