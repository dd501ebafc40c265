"""How to reach an org: the settings under `orgs`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.duration import PositiveDuration, at_most
from agent.name import OrgName
from agent.network.proxy import ProxySettings
from agent.network.server_address import server_url
from agent.network.tls import TlsSettings
from agent.sources.salesforce.credentials import Credentials


def _https(url: str) -> str:
    parts = server_url(url, ("https",))
    if parts.path.strip("/"):
        raise ValueError("write it as https://host, such as https://example.my.salesforce.com")
    return f"https://{parts.netloc}"


class ApiBudget(BaseModel):
    """How much of the org's daily API allowance may be used, by whomever, before Leakline stops asking."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    share: float = Field(default=0.8, gt=0, le=1)
    """Between 0 and 1."""


Domain = Annotated[str, Field(pattern=r"^\.?([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}$")]


class OrgSettings(BaseModel):
    """How to reach one org."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: OrgName
    """Appears in status, metrics and the log; unique."""
    url: Annotated[str, AfterValidator(_https)]
    """The org's My Domain; login.salesforce.com and test.salesforce.com work too, except for client credentials."""
    instance_domains: list[Domain] = Field(default_factory=list)
    """Further domains under which the org's API may answer. Its token goes to the host of `url`, to Salesforce's own
    domains where `url` is under one of them, and to these; to no other host that a sign-in may name."""
    auth: Credentials
    """One of three OAuth flows."""
    api_version: str = Field(default="64.0", pattern=r"^\d{2}\.0$")
    """Of the REST API."""
    tls: TlsSettings = TlsSettings()
    """How the org's certificate is checked, and our own."""
    proxy: ProxySettings | None = None
    """An outbound HTTP proxy; the environment's variables are not looked at."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=30)
    """Until a silent org is given up."""
    deadline: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=2)
    """Until a call that goes on for too long is interrupted; downloads of log files have their own."""
    api_budget: ApiBudget = ApiBudget()
    """How much of the daily API allowance may be used."""
