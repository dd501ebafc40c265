"""Logging in and out, as real-time events (Platform Events Developer Guide, the page of each event)."""

from __future__ import annotations

import polars as pl

from agent.simulator.event_stream.twin import Fields, Twin, actor, cell, choice, program, system, text
from agent.simulator.world.networks import networks
from agent.simulator.world.record_id import long_id, short_id

_STATUS = {
    "LOGIN_NO_ERROR": "Success",
    "LOGIN_CHALLENGE_ISSUED": "Failed: Computer activation required",
    "LOGIN_ERROR_INVALID_PASSWORD": "Invalid Password",
    "LOGIN_ERROR_SSO_PWD_INVALID": "Invalid Password",
    "LOGIN_ERROR_PASSWORD_LOCKOUT": "Password Lockout",
    "LOGIN_ERROR_USER_FROZEN": "User is Frozen",
}
_TYPES = {"i": "Remote Access 2.0", "8": "SAML Sfdc Initiated SSO", "A": "Application"}
_COUNTRIES = {network.country_iso: network for network in reversed(networks())}
_SUCCEEDED = pl.col("LOGIN_STATUS") == "LOGIN_NO_ERROR"
_PROGRAM = pl.col("LOGIN_TYPE") == "i"
_METHODS = ("SalesforceAuthenticator", "Totp", "U2F", "Email")


def _place(column: str) -> pl.Expr:
    """What Salesforce knows of the place of the row's country: `country`, `city`, …, as text."""
    values = {country: str(getattr(network, column)) for country, network in _COUNTRIES.items()}
    return actor("country").replace_strict(values, default=None, return_dtype=pl.String)


_GEOGRAPHY: dict[str, pl.Expr] = {
    "Country": _place("country"),
    "CountryIso": actor("country"),
    "Subdivision": _place("region"),
    "City": _place("city"),
}

LOGIN: Fields = _GEOGRAPHY | {
    "LoginLatitude": _place("latitude").cast(pl.Float64),
    "LoginLongitude": _place("longitude").cast(pl.Float64),
    "SourceIp": pl.coalesce(cell("SOURCE_IP"), actor("ip")),
    "ForwardedForIp": cell("FORWARDED_FOR_IP"),
    "Status": pl.col("LOGIN_STATUS").replace_strict(_STATUS, default="Failed: Unknown", return_dtype=pl.String),
    "LoginType": pl.col("LOGIN_TYPE").replace_strict(_TYPES, default="Application", return_dtype=pl.String),
    "LoginSubType": cell("LOGIN_SUB_TYPE"),
    "LoginUrl": cell("LOGIN_URL"),
    "Application": pl.coalesce(actor("application"), text("Browser")),
    "ApiType": pl.when(_PROGRAM).then(text("REST API")).otherwise(text("N/A")),
    "ApiVersion": pl.when(_PROGRAM).then(cell("API_VERSION")).otherwise(text("N/A")),
    "ClientVersion": pl.coalesce(actor("client_name"), text("N/A")),
    "AuthMethodReference": cell("AUTHENTICATION_METHOD_REFERENCE"),
    "AuthServiceId": cell("AUTHENTICATION_SERVICE_ID"),
    "Browser": pl.when(_PROGRAM).then(cell("BROWSER_TYPE")).otherwise(program()),
    "Platform": system(),
    "HttpMethod": text("POST"),
    "TlsProtocol": pl.col("TLS_PROTOCOL").str.replace("v", " ", literal=True),
    "CipherSuite": cell("CIPHER_SUITE"),
}

LOGIN_AS: Fields = {
    "UserId": cell("DELEGATED_USER_ID_DERIVED"),
    "Username": cell("DELEGATED_USER_NAME"),
    "DelegatedUsername": actor("username"),
    "LoginAsCategory": text("OrgAdmin"),
    "LoginType": text("Application"),
    "Application": text("Browser"),
    "Browser": program(),
    "Platform": system(),
    "TargetUrl": text("/home/home.jsp"),
}

VERIFICATION: Fields = _GEOGRAPHY | {
    "Latitude": _place("latitude").cast(pl.Float64),
    "Longitude": _place("longitude").cast(pl.Float64),
    "SourceIp": pl.coalesce(cell("SOURCE_IP"), actor("ip")),
    "Activity": text("Login"),
    "Policy": choice(0, ("TwoFactorAuthentication", "DeviceActivation")),
    "VerificationMethod": choice(1, _METHODS),
    "Status": pl.when(_SUCCEEDED).then(text("Succeeded")).otherwise(text("Initiated")),
    "EventGroup": pl.concat_str(text("v"), pl.col("_execution").str.slice(0, 13)),
}

IDENTITY_PROVIDER: Fields = {
    "AppId": text(long_id(short_id("ConnectedApplication", 990))),
    "ErrorCode": text("Success"),
    "HasLogoutUrl": pl.lit(False),
    "IdentityUsed": actor("username"),
    "InitiatedBy": text("SP"),
    "SamlEntityUrl": text("https://wiki.trading.example/saml"),
    "SsoType": choice(0, ("Saml", "Oidc")),
}

TWINS = (
    Twin("LoginEvent", "Login", LOGIN),
    Twin("LogoutEvent", "Logout", {}, pl.col("USER_INITIATED_LOGOUT") == "1"),
    Twin("LoginAsEvent", "LoginAs", LOGIN_AS),
    Twin(
        "IdentityVerificationEvent", "Login", VERIFICATION,
        (pl.col("LOGIN_TYPE") == "A") & (_SUCCEEDED | (pl.col("LOGIN_STATUS") == "LOGIN_CHALLENGE_ISSUED")),
    ),
    # Every sixth person goes on to another system; what is drawn for late files serves here as well.
    Twin("IdentityProviderEvent", "Login", IDENTITY_PROVIDER, _SUCCEEDED & ~_PROGRAM & (pl.col("_again") < 1 / 6)),
)  # fmt: skip
