"""Settings of what notices to authorities say of the organisation each time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class OrganisationSettings(BaseModel):
    """Who gives notice."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str | None = None
    """The organisation's full name."""
    address: str | None = None
    """Where it is established."""
    registration: str | None = None
    """Its number in a register, where it has one."""
    contact: str | None = None
    """The contact point for questions: a name or an office."""
    contact_email: str | None = None
    """Its email address."""
    contact_phone: str | None = None
    """Its telephone number."""
    dpo: str | None = None
    """The data protection officer, where there is one."""
    dpo_email: str | None = None
    """That officer's email address."""
    authority: str | None = None
    """The lead or competent supervisory authority."""
