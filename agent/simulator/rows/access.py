"""Coming and going: logins, failed ones, logouts, administrators acting as somebody."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import record
from agent.simulator.world.record_id import long_ids, pool

_FAILURES = {"LOGIN_ERROR_INVALID_PASSWORD": 8, "LOGIN_ERROR_SSO_PWD_INVALID": 2, "LOGIN_CHALLENGE_ISSUED": 1}
_CIPHERS = {"TLS_AES_256_GCM_SHA384": 8, "ECDHE-RSA-AES256-GCM-SHA384": 2}


def login(block: Block, status: pl.Series | str = "LOGIN_NO_ERROR") -> Cells:
    """`status`: LOGIN_STATUS, one text for all rows or one a row (`String`)."""
    random, actor = block.random, block.actor
    program = block.integration
    known = actor["country"]
    sso = actor["login_type"] == "8"
    return {
        "URI": block.pick(program, "/services/oauth2/token", "/index.jsp"),
        "LOGIN_TYPE": actor["login_type"],
        "BROWSER_TYPE": actor["user_agent"],
        "API_TYPE": block.pick(program, "f"),
        "API_VERSION": block.pick(program, "66.0", "9998.0"),
        "USER_NAME": actor["username"],
        "TLS_PROTOCOL": random.choice("tls", {"TLSv1.3": 9, "TLSv1.2": 1}),
        "CIPHER_SUITE": random.choice("cipher", _CIPHERS),
        "USE_API_TOKEN": "",
        "HTTP_REFERER": block.pick(sso, f"https://login.{block.tenant.host}/"),
        "LOGIN_URL": block.tenant.host,
        "COUNTRY_CODE": known,
        "AUTHENTICATION_METHOD_REFERENCE": block.pick(sso, "mfa"),
        "LOGIN_SUB_TYPE": actor["login_sub_type"],
        "AUTHENTICATION_SERVICE_ID": block.pick(sso, str(pool("AuthProvider", 1)[0])),
        "AUTHENTICATION_CONTEXT_CLASS_REFERENCE": "",
        "REQUEST_STATUS": block.pick(block.column(status) == "LOGIN_NO_ERROR", "S", "F"),
        "LOGIN_STATUS": status,
        "SOURCE_IP": actor["ip"],
        "FORWARDED_FOR_IP": "",
    }


def failed_login(block: Block) -> Cells:
    """Mistyped passwords: no session came of them."""
    status = block.random.choice("failure", _FAILURES)
    return dict(login(block, status)) | {"SESSION_KEY": "", "LOGIN_KEY": ""}


def logout(block: Block) -> Cells:
    random, actor = block.random, block.actor
    return {
        "SESSION_TYPE": block.pick(actor["login_sub_type"].str.starts_with("oauth"), "A", "I"),
        "SESSION_LEVEL": random.choice("level", {"1": 8, "10": 2}),
        "BROWSER_TYPE": actor["user_agent"],
        "PLATFORM_TYPE": block.pick(actor["system"] == "WINDOWS", "2003", "5006"),
        "RESOLUTION_TYPE": "9999",
        "APP_TYPE": "1000",
        "CLIENT_VERSION": "9998",
        "API_TYPE": "f",
        "API_VERSION": "9998.0",
        "USER_INITIATED_LOGOUT": random.choice("own will", {"1": 6, "0": 4}),
    }


def login_as(block: Block) -> Cells:
    people = block.tenant.staff.of("person")
    number = block.random.below("delegated", len(people))
    ident = pl.Series([user.id for user in people]).gather(number)
    return {
        "URI": "/servlet/servlet.su",
        "DELEGATED_USER_NAME": pl.Series([user.username for user in people]).gather(number),
        "DELEGATED_USER_ID": ident,
        "DELEGATED_USER_ID_DERIVED": long_ids(ident),
    }


def support_login(block: Block) -> Cells:
    return {
        "ACTUAL_USER_ID": block.random.between("engineer", 100_000, 999_999),
        "OPERATION": "LOGIN",
        "IP_ADDRESS": "Salesforce.com IP",
        "CASE_ID": block.random.between("case", 40_000_000, 49_999_999),
    }


def insufficient_access(block: Block) -> Cells:
    random = block.random
    return {
        "RECORD_ID": long_ids(record(block)),
        "ENTITY_TYPE": random.choice("entity", ("Account", "Opportunity", "Case", "Contract")),
        "ACCESS_ERROR": random.choice("error", {"NO_ACCESS": 7, "DATA_NOT_AVAILABLE": 2, "INVALID_TYPE": 1}),
        "REQUESTED_ACCESS_LEVEL": random.choice("level", {"READ": 7, "WRITE": 2, "DELETE": 1}),
        "ERROR_TIMESTAMP": block.time.cast(pl.String),
        "ERROR_DESCRIPTION": random.choice("describes", ("No access to the record", "Record is not available")),
        "ACTUAL_LOGGED_IN_USER_ID": block.actor["user_long"],
    }


BUILDERS: dict[str, Builder] = {
    "Login": login,
    "Logout": logout,
    "LoginAs": login_as,
    "SalesforceLoginAs": support_login,
    "InsufficientAccess": insufficient_access,
}
