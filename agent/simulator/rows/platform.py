"""What the platform does on somebody's behalf: Apex, flows, jobs, the database; and what it refuses."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import MILLISECONDS, record
from agent.simulator.world.record_id import long_ids, pool

_CLASSES = ("OrderEntryController", "AccountRollup", "CaseRouter", "QuotePdfController", "LeadScoring")
_TRIGGERS = ("AccountBefore", "OpportunityAfter", "CaseRouting", "ContactSync", "LeadDedupe")
_STACK = (
    "Class.{0}.run: line 41, column 1\nClass.{0}.apply: line 17, column 1\nTrigger.OpportunityAfter: line 8, column 1"
)


def execution(block: Block) -> Cells:
    random = block.random
    name = random.choice("class", _CLASSES)
    return {
        "URI": "",
        "EXEC_TIME": random.spread("execution", 3, 9000),
        "DB_TOTAL_TIME": MILLISECONDS["DB_TOTAL_TIME"](block),
        "CALLOUT_TIME": random.choice("callout", {"0": 9, "214": 1}),
        "NUMBER_SOQL_QUERIES": random.between("queries", 0, 40),
        "ENTRY_POINT": block.join(name, ".", random.choice("entry", ("run", "load", "apply", "execute"))),
        "QUIDDITY": random.choice("quiddity", {"L": 5, "R": 2, "V": 1, "Q": 1, "F": 1, "H": 1}),
        "IS_LONG_RUNNING_REQUEST": random.choice("long", {"0": 97, "1": 3}),
    }


def trigger(block: Block) -> Cells:
    random = block.random
    number = random.below("trigger", len(_TRIGGERS))
    return {
        "URI": "TRIGGERS",
        "DB_TOTAL_TIME": MILLISECONDS["DB_TOTAL_TIME"](block),
        "TRIGGER_ID": long_ids(pool("ApexTrigger", len(_TRIGGERS)).gather(number)),
        "TRIGGER_NAME": pl.Series(_TRIGGERS).gather(number),
        "ENTITY_NAME": pl.Series(["Account", "Opportunity", "Case", "Contact", "Lead"]).gather(number),
        "TRIGGER_TYPE": random.choice("type", ("AfterInsert", "AfterUpdate", "BeforeInsert", "BeforeUpdate")),
        "EXEC_TIME": random.spread("execution", 1, 2000),
    }


def callout(block: Block) -> Cells:
    random = block.random
    paths = ("/v2/quotes", "/tax/rates", "/geocode", "/send")
    url = block.join('"https://api.pricing.example', random.choice("path", paths), '"')
    return {
        "RUN_TIME": "",
        "URI": "CALLOUT-LOG",
        "TYPE": random.choice("type", {"REST": 8, "AFTER": 1, "OData": 1}),
        "METHOD": random.choice("method", {"GET": 4, "POST": 6}),
        "TIME": random.spread("time", 20, 9000),
        "URL": url,
        "CLIENT_IP": "",
    }


def queued(block: Block) -> Cells:
    random = block.random
    return {
        "JOB_ID": long_ids(random.choice("job", pool("AsyncApexJob", 3000))),
        "ENTRY_POINT": random.choice("class", _CLASSES),
        "URI": "",
    }


def flow(block: Block) -> Cells:
    random = block.random
    return {
        "PROCESS_TYPE": random.choice("type", {"AutoLaunchedFlow": 6, "Workflow": 3, "Flow": 2}),
        "FLOW_VERSION_ID": long_ids(random.choice("flow", pool("Flow", 80))),
        "FLOW_LOAD_TIME": random.spread("load", 1, 120),
        "TOTAL_EXECUTION_TIME": random.spread("total", 2, 4000),
        "NUMBER_OF_INTERVIEWS": random.spread("interviews", 1, 200),
        "NUMBER_OF_ERRORS": random.choice("errors", {"0": 97, "1": 3}),
        "BOT_ID": block.pick(random.whether("by bot", 0.03), str(pool("BotDefinition", 1)[0])),
    }


def named_credential(block: Block) -> Cells:
    names = ("Pricing_API", "Tax_Service", "Document_Archive")
    return {"URI": "", "NAMED_CREDENTIAL_NAME": block.random.choice("name", names), "CALLER_PACKAGE_NAMESPACE": ""}


def unique_query(block: Block) -> Cells:
    random = block.random
    return {
        "SQL_ID": random.hexadecimal("sql").str.slice(0, 13),
        "QUERY_IDENTIFIER": random.choice("identifier", [f"Class.{name}.query: line 12" for name in _CLASSES]),
        "QUERY_TYPE": random.choice("type", {"SOQL": 9, "SOSL": 1}),
    }


def save(block: Block) -> Cells:
    random = block.random
    ident = record(block)
    return {
        "KEY_PREFIX": ident.str.slice(0, 3),
        "DML_TYPE": random.choice("dml", {"U": 6, "I": 3, "D": 1}),
        # People save a record at a time, programs a chunk.
        "NUM_ROWS": block.pick(block.integration, random.spread("rows", 1, 200), random.spread("few", 1, 3)),
        "SAMPLE_FACTOR": "10",
        "FIRST_ENTITY_ID": ident,
    }


def unexpected(block: Block) -> Cells:
    """The stack trace has line feeds in it."""
    random = block.random
    name = random.choice("class", _CLASSES)
    return {
        "APEX_ENTITY_NAME": name,
        "EXCEPTION_TYPE": random.choice("type", ("System.NullPointerException", "System.DmlException", "System.LimitException")),
        "EXCEPTION_MESSAGE": random.choice("message", ("Attempt to de-reference a null object", "Insert failed. First exception on row 0")),
        "STACK_TRACE": name.replace_strict({class_name: _STACK.format(class_name) for class_name in _CLASSES}),
        "EXCEPTION_CATEGORY": random.choice("category", ("UNCAUGHT", "UNHANDLED")),
    }  # fmt: skip


def cors(block: Block) -> Cells:
    return {"ORIGIN": "https://widgets.partner.example", "HOST": block.tenant.host}


def content_security(block: Block) -> Cells:
    random = block.random
    domain = random.choice("domain", ("cdn.fonts.example", "metrics.partner.example", "inline"))
    return {
        "BLOCKED_URI": block.join("https://", domain, "/a.js"),
        "BLOCKED_URI_DOMAIN": domain,
        "DIRECTIVE": random.choice("directive", ("font-src", "img-src", "style-src", "frame-src")),
        "CONTEXT": random.choice("context", ("LIGHTNING", "COMMUNITIES")),
        "UNIQUE_ID": random.hexadecimal("unique"),
        "DISPOSITION": random.choice("disposition", {"report": 3, "enforce": 1}),
        "SOURCE": "",
        "COLUMN_NUMBER": random.between("column", 1, 200),
        "LINE_NUMBER": random.between("line", 1, 4000),
        "SOURCE_FILE": block.join("https://", block.tenant.host, "/lightning/page/home"),
        "RESOURCE_SAMPLE": "",
    }


def hostname_redirect(block: Block) -> Cells:
    return {
        "URI": "/",
        "MESSAGE": "Redirected",
        "DOMAIN": block.tenant.host,
        "SOURCE_HOSTNAME": "na1.salesforce.example",
        "TARGET_HOSTNAME": block.tenant.host,
        "PATH": block.join("/", record(block)),
        "REDIRECT_REASON": block.random.choice("reason", ("LEGACY_INSTANCED_URL", "MY_DOMAIN_RENAMED")),
        "IS_BLOCKED_REDIRECTION": block.random.choice("blocked", {"0": 9, "1": 1}),
        "REFERRER": " ",
        "ORIGIN": "",
    }


def blocked_redirection(block: Block) -> Cells:
    domain = block.random.choice("domain", ("track.mailer.example", "short.example", "login-check.example"))
    return {
        "MALFORMED_URL": "false",
        "BLOCKED_URI": block.join("https://", domain, "/r?u=1"),
        "BLOCKED_URI_DOMAIN": domain,
        "ORIGIN": block.tenant.host,
        "REFERRER": "",
        "REMOTE_ADDRESS": block.actor["ip"],
    }


BUILDERS: dict[str, Builder] = {
    "ApexExecution": execution,
    "ApexTrigger": trigger,
    "ApexCallout": callout,
    "QueuedExecution": queued,
    "FlowExecution": flow,
    "NamedCredential": named_credential,
    "UniqueQuery": unique_query,
    "DatabaseSave": save,
    "ApexUnexpectedException": unexpected,
    "CorsViolation": cors,
    "CSPViolation": content_security,
    "HostnameRedirects": hostname_redirect,
    "BlockedRedirections": blocked_redirection,
}
