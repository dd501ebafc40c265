"""How to reach an org: the settings under `orgs`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.duration import PositiveDuration, at_most
from agent.name import OrgName
from agent.network.proxy import ProxySettings
from agent.network.server_address import server_url, url_schema
from agent.network.tls import TlsSettings
from agent.sources.salesforce.budget.settings import ApiBudget
from agent.sources.salesforce.credentials import Credentials


def _https(url: str) -> str:
    parts = server_url(url, ("https",))
    if parts.path.strip("/"):
        raise ValueError("write it as https://host, such as https://example.my.salesforce.com")
    return f"https://{parts.netloc}"


Domain = Annotated[str, Field(pattern=r"^\.?([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}$")]


class OrgSettings(BaseModel):
    """How to reach one org."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: OrgName
    """A name of your own for the org. It appears in status, metrics and the log, and no two orgs share one."""
    url: Annotated[str, AfterValidator(_https), url_schema("https", "/*")]
    """The URL of the org's My Domain. login.salesforce.com and test.salesforce.com work too, except for client
    credentials."""
    instance_domains: list[Domain] = Field(default_factory=list)
    """Further domains under which the org's API may answer. Its token goes to the host of `url`, to Salesforce's own
    domains where `url` is under one of them, and to these; to no other host that a sign-in may name."""
    auth: Credentials
    """How Leakline signs in: one of three OAuth flows."""
    api_version: str = Field(default="66.0", pattern=r"^\d{2}\.0$")
    """The version of the REST API. UniversalAnomalyEvent needs 66.0 or later."""
    tls: TlsSettings = TlsSettings()
    """How the org's certificate is checked, and the certificate that Leakline shows."""
    proxy: ProxySettings | None = None
    """An outbound HTTP proxy. Environment variables such as HTTPS_PROXY are not used."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=30)
    """How long Leakline waits for an org that does not answer."""
    deadline: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=2)
    """How long one call may take. Downloads of log files have a `deadline` of their own."""
    api_budget: ApiBudget = ApiBudget()
    """How much of the daily API allowance may be used."""
