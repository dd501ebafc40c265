"""Settings of what notices to authorities say of the organisation each time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class OrganisationSettings(BaseModel):
    """Who gives notice."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str = ""
    """The organisation's full name."""
    address: str = ""
    """Where it is established."""
    registration: str = ""
    """Its number in a register, where it has one."""
    contact: str = ""
    """The contact point for questions: a name or an office."""
    contact_email: str = ""
    """Its email address."""
    contact_phone: str = ""
    """Its telephone number."""
    dpo: str = ""
    """The data protection officer, where there is one."""
    dpo_email: str = ""
    """That officer's email address."""
    authority: str = ""
    """The lead or competent supervisory authority."""
