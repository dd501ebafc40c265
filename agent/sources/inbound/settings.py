"""The settings `inbound`: where senders are listened to, who they are, and what of their reports is kept."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from agent.duration import PositiveDuration, at_most
from agent.name import Name, OrgName
from agent.network.server_address import host_name, server_url, url_schema
from agent.secret import Secret


class InboundModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class InboundTls(InboundModel):
    """The certificate of the listener, and whose clients' certificates it takes."""

    certificate: Path
    """The listener's certificate, with its chain, as a PEM file."""
    key: Path
    """The private key of that certificate, as a PEM file readable by the service alone."""
    client_ca: Path | None = None
    """The authorities (PEM) that sign the certificates of senders. Needed where a sender is known by `client_certificate`."""


class Authentication(InboundModel):
    """How a sender shows who it is. Where several are set, all of them must hold."""

    bearer: Secret | None = None
    """A token that comes as `Authorization: Bearer …`."""
    hmac: Secret | list[Secret] | None = None
    """The key of signatures in the form of Standard Webhooks (`whsec_…`); several while keys change."""
    client_certificate: str | None = Field(default=None, min_length=1)
    """The subject of the sender's certificate, such as `CN=middleware.example.com`."""
    path: Secret | None = None
    """The last part of the path of `/v1/outbound-messages/…`, which nobody can guess: 20 letters and digits or more. For
    Salesforce, which can neither sign nor set a header."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Authentication:
        if not (self.bearer or self.hmac or self.client_certificate or self.path):
            raise ValueError("write one of `bearer`, `hmac`, `client_certificate` or `path`")
        return self

    @property
    def keys(self) -> list[Secret]:
        """The keys of signatures; empty where the sender does not sign."""
        return self.hmac if isinstance(self.hmac, list) else [self.hmac] if self.hmac else []


class SenderSettings(InboundModel):
    """One sender, and what is taken from it."""

    name: Name
    """A name of your own. It is in the path `/v1/reports/<name>`, in status, metrics and the log."""
    org: OrgName
    """The org that its reports are about: the `name` of one under `orgs`."""
    authentication: Authentication
    """How it shows who it is."""
    heartbeat: Annotated[PositiveDuration, at_most(timedelta(days=31))] | None = None
    """The longest time between two of its heartbeats; left out, none is expected."""
    bodies: bool = False
    """Whether the bodies of requests and responses that it reports are kept. Left out, only their size and hash are."""
    redact: list[str] = Field(default_factory=list)
    """Names of fields whose values are taken out of kept bodies and addresses, at any depth, besides those that Leakline knows
    to be secret (`password`, `token` and the like)."""
    failure_objects: dict[str, str] = Field(default_factory=dict)
    """For outbound messages: objects in which the org records its own failures, and the field with the message, such as
    `Integration_Error__c: Message__c`. A message about such a record is a `SyncFailure`."""
    requests_per_second: int = Field(default=500, ge=1, le=100_000)
    """Above it the sender is told to wait (429)."""


class InboundSettings(InboundModel):
    """A listener to which integrations, middleware and Salesforce send what only they know."""

    listen: str = "127.0.0.1:8450"
    """The address and port to listen at, such as `0.0.0.0:8450` or `[::]:8450`. Beyond this machine `tls` is needed."""
    public_url: Annotated[str, AfterValidator(lambda url: server_url(url).geturl()), url_schema("https?")] | None = None
    """How senders and people reach the listener, where a proxy stands before it or it has a name. Links in messages lead there."""
    tls: InboundTls | None = None
    """The listener's certificate. Left out, it speaks plain HTTP, which only this machine may use."""
    max_bytes: int = Field(default=1 << 20, ge=1 << 10, le=16 << 20)
    """The longest body of a request, in bytes."""
    senders: list[SenderSettings] = Field(default_factory=list)
    """Who may send. It may be empty where `public_url` is set: the listener then serves the links of messages alone."""

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        split_address(value)
        return value

    @model_validator(mode="after")
    def _fits(self) -> InboundSettings:
        if not self.senders and self.public_url is None:
            raise ValueError("`senders` is empty; write at least one, or `public_url` for links in messages")
        for name, times in Counter(sender.name for sender in self.senders).items():
            if times > 1:
                raise ValueError(f"senders: the name {name!r} is used twice; give each its own `name`")
        for sender in self.senders:
            if sender.authentication.client_certificate and not (self.tls and self.tls.client_ca):
                raise ValueError(
                    f"senders: {sender.name} shows a certificate; write the authority under `tls.client_ca`"
                )
        host, _ = split_address(self.listen)
        if self.tls is None and not _is_loopback(host):
            raise ValueError(f"`listen: {self.listen}` is beyond this machine; write `tls`, or listen at 127.0.0.1")
        return self

    def senders_of(self, org: str) -> list[SenderSettings]:
        """Those whose reports are about this org."""
        return [sender for sender in self.senders if sender.org == org]


def split_address(value: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8450` or `[::1]:8450`; port 0 takes any free one. Raises ValueError."""
    host, _, port = value.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{value[:60]!r} is not an address with a port; write it as 127.0.0.1:8450")
    return host_name(host), int(port)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
