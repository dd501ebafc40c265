"""What every call to the Pub/Sub API carries."""

from __future__ import annotations

from dataclasses import dataclass

from agent.sources.salesforce.token import Token


@dataclass(frozen=True, slots=True)
class Access:
    """In whose name calls are made."""

    token: Token

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The three headers (Pub/Sub API: Supported Authentication)."""
        token = self.token
        return (
            ("accesstoken", token.access_token),
            ("instanceurl", token.instance_url),
            ("tenantid", token.org_id),
        )
