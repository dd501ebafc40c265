"""An outbound HTTP proxy, as the settings name it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.network.server_address import server_url, url_schema
from agent.redaction.redaction import register_basic
from agent.secret import Secret


def _proxy_url(url: str) -> str:
    server_url(url, ("https", "http"))
    return url


class ProxySettings(BaseModel):
    """An outbound HTTP proxy. `except_for`: hosts reached directly, as `example.com` or `.example.com`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: Annotated[str, AfterValidator(_proxy_url), url_schema("https?")]
    """The URL of the proxy, such as http://proxy.example.com:3128, without credentials."""
    username: str | None = None
    """The user, where the proxy asks for one."""
    password: Secret | None = None
    """The password that goes with `username`."""
    except_for: list[str] = Field(default_factory=list)
    """Hosts that are reached directly: `example.com` and hosts below it, or `.example.com`."""

    def serves(self, host: str) -> bool:
        """Whether connections to `host` go through this proxy."""
        return not any(host == name.lstrip(".") or host.endswith("." + name.lstrip(".")) for name in self.except_for)

    def url_with_credentials(self) -> str:
        """For libraries that take credentials in the URL; never to be logged."""
        if self.username is None:
            return self.url
        parts = urlsplit(self.url)
        secret = quote(self.secret(), safe="")
        return urlunsplit(parts._replace(netloc=f"{quote(self.username, safe='')}:{secret}@{parts.netloc}"))

    def secret(self) -> str:
        """The password, empty if there is none; known to `redact`, also as Basic credentials."""
        password = self.password.read() if self.password else ""
        register_basic(self.username or "", password)
        return password
