"""Programs at work: REST, SOAP, bulk jobs, and the account of every API call."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import OBJECTS, record
from agent.simulator.world.record_id import long_ids, pool

_FIELDS = {
    "Account": "Id, Name, Industry, AnnualRevenue, BillingCountry, SystemModstamp",
    "Contact": "Id, FirstName, LastName, Email, Phone, AccountId, SystemModstamp",
    "Opportunity": "Id, Name, Amount, StageName, CloseDate, AccountId",
    "Case": "Id, CaseNumber, Subject, Status, Priority, ContactId",
    "Lead": "Id, Name, Company, Email, Status",
    "Task": "Id, Subject, WhoId, ActivityDate",
    "Product2": "Id, Name, ProductCode, IsActive",
}
_QUERIES = {name: f"SELECT {fields} FROM {name} WHERE SystemModstamp > " for name, fields in _FIELDS.items()}  # noqa: S608  (text of a log)
_JOB_STATES = {"complete": 5, "inProgress": 2, "uploadComplete": 2, "created": 1}


def _query(block: Block, entity: pl.Series) -> pl.Series:
    """SOQL over the objects named in `entity` (`String`), for what changed in the quarter of an hour before each row."""
    since = block.instant.dt.offset_by("-15m").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return block.join(entity.replace_strict(_QUERIES), since)


def _rest_path(block: Block, entity: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether a call is a query, and the path it goes to."""
    random = block.random
    base = block.join("/services/data/v", random.choice("api version", {"66.0": 7, "62.0": 2, "59.0": 1}), "/")
    is_query = random.whether("is query", 0.55)
    record_path = block.join(base, "sobjects/", entity, "/", long_ids(record(block)))
    return is_query, block.pick(is_query, block.join(base, "query"), record_path)


def rest(block: Block) -> Cells:
    random = block.random
    entity = random.choice("entity", OBJECTS)
    is_query, path = _rest_path(block, entity)
    write = random.choice("verb", {"GET": 5, "PATCH": 4, "POST": 1})
    return {
        "URI": path,
        "METHOD": block.pick(is_query, "GET", write),
        "HTTP_METHOD": block.pick(is_query, "GET", write),
        "MEDIA_TYPE": random.choice("media", {"application/json;charset=UTF-8": 9, "application/xml": 1}),
        "ENTITY_NAME": entity,
        "QUERY": block.pick(is_query, _query(block, entity)),
        "ROWS_PROCESSED": block.pick(is_query, random.spread("rows", 1, 2000), "1"),
        "API_RESOURCE": path,
        "API_FAMILY": "REST",
        "COUNTS_AGAINST_API_LIMIT": random.choice("counts", {"1": 97, "0": 3}),
        "CONNECTED_APP_NAME": block.actor["application"],
        "USER_NAME": block.actor["username"],
        "API_CLIENT_CATEGORY": random.choice("category", {"": 97, "AGENTFORCE_AGENT": 2, "SALESFORCE_HOSTED_MCP": 1}),
    }


def soap(block: Block) -> Cells:
    random = block.random
    entity = random.choice("entity", OBJECTS)
    method = random.choice("method", {"query": 6, "queryMore": 2, "update": 4, "upsert": 3, "describeSObjects": 1})
    return {
        "URI": block.join("/services/Soap/u/", random.choice("api version", {"66.0": 6, "59.0": 4})),
        "API_TYPE": random.choice("type", {"P": 7, "E": 2, "T": 1}),
        "METHOD_NAME": method,
        "ENTITY_NAME": entity,
        "QUERY": block.pick(method.is_in(["query", "queryMore"]), _query(block, entity)),
    }


def apex_rest(block: Block) -> Cells:
    random = block.random
    return {
        "URI": block.join("/services/apexrest/", random.choice("resource", ("orders", "quotes/v2", "ext/status"))),
        "METHOD": random.choice("method", {"GET": 5, "POST": 5}),
        "MEDIA_TYPE": "application/json",
        "QUERY": "",
    }


def _job(block: Block) -> dict[str, pl.Series | str]:
    """Columns that the types of bulk jobs share."""
    random = block.random
    job = random.choice("job", pool("Job", 400))
    return {
        "URI": block.join("/services/data/v66.0/jobs/ingest/", long_ids(job)),
        "JOB_ID": long_ids(job),
        "BATCH_ID": long_ids(random.choice("batch", pool("Batch", 900))),
        "ENTITY_TYPE": random.choice("entity", OBJECTS),
        "OPERATION_TYPE": random.choice("operation", {"insert": 3, "update": 4, "upsert": 3}),
    }


def bulk(block: Block) -> Cells:
    random = block.random
    return _job(block) | {
        "URI": block.join("/services/async/66.0/job/", random.choice("job", pool("Job", 400))),
        "ROWS_PROCESSED": random.spread("rows", 50, 10_000),
        "NUMBER_FAILURES": random.choice("failures", {"0": 9, "3": 1}),
        "MESSAGE": "",
    }


def bulk2(block: Block) -> Cells:
    random = block.random
    return _job(block) | {
        "JOB_STATUS": random.choice("state", _JOB_STATES),
        "RECORDS_PROCESSED": random.spread("rows", 50, 40_000),
        "RECORDS_FAILED": random.choice("failures", {"0": 9, "3": 1}),
        "RESULT_SIZE_MB": random.choice("size", {"0": 5, "1": 3, "4": 2}),
        "ERROR_MESSAGE": "",
    }


def bulk_request(block: Block) -> Cells:
    random = block.random
    job = _job(block)
    return job | {
        "REQUEST_PATH": job["URI"],
        "CONCURRENCY_MODE": random.choice("concurrency", {"Parallel": 9, "Serial": 1}),
        "ERROR_MESSAGE": "",
    }


def composite(block: Block) -> Cells:
    random = block.random
    return {
        "URI": "/services/data/v66.0/composite",
        "ALL_OR_NONE": random.choice("all", ("true", "false")),
        "FAILURE_REASON": "",
        "IS_REQUEST_COLLATION_ON": "true",
        "NUM_RETRIES": random.choice("retries", {"0": 9, "1": 1}),
        "NUM_GRAPH_DEPTH": random.between("depth", 1, 6),
    }


BUILDERS: dict[str, Builder] = {
    "RestApi": rest,
    "ApiTotalUsage": rest,
    "API": soap,
    "ApexRestApi": apex_rest,
    "BulkApi": bulk,
    "BulkApi2": bulk2,
    "BulkApiRequest": bulk_request,
    "CompositeApi": composite,
}
