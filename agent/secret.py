"""Secrets come from systemd credentials, a file or an environment variable, never from the settings file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from agent.errors import SettingsError
from agent.redaction.redaction import register

PLAIN = "plain_secret"
"""The type of the error about a secret that stands in the settings: its input is not shown."""


class SecretReference(BaseModel):
    """Where a secret is to be found; exactly one of the three keys.

    `credential`: a name under `$CREDENTIALS_DIRECTORY` (systemd `LoadCredential=`); `file`: a path;
    `env`: an environment variable.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={
            "oneOf": [
                {"type": "object", "required": [key], "properties": {key: {"type": "string"}}}
                for key in ("credential", "file", "env")
            ]
        },
    )

    credential: str | None = None
    """The name of a systemd credential (`LoadCredential=`), a file in `$CREDENTIALS_DIRECTORY`."""
    file: Path | None = None
    """A file that holds the secret and nothing else, readable by the service alone."""
    env: str | None = None
    """The name of an environment variable that holds the secret."""

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if sum(value is not None for value in (self.credential, self.file, self.env)) != 1:
            raise ValueError("write exactly one of `credential`, `file` or `env`")
        return self

    def read(self) -> str:
        """The secret, without a trailing line end; known to `redact` from now on.

        Raises SettingsError when it cannot be read.
        """
        secret = self._from_environment(self.env) if self.env is not None else self._from_file()
        register(secret)
        return secret

    def _from_file(self) -> str:
        path = self.file or Path(os.environ.get("CREDENTIALS_DIRECTORY", "/run/credentials/leakline.service")) / str(
            self.credential
        )
        try:
            text = path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise SettingsError(f"the secret in {path} cannot be read ({reason})", hint=self._hint()) from error
        if not text:
            raise SettingsError(f"the secret in {path} is empty", hint=self._hint())
        return text

    def _from_environment(self, name: str) -> str:
        value = os.environ.get(name, "")
        if not value:
            raise SettingsError(
                f"the environment variable {name} is not set", hint="set it for the service, or use `file`"
            )
        return value

    def _hint(self) -> str:
        if self.credential is not None:
            return f"add `LoadCredential={self.credential}:/path/to/it` to the unit, or use `file`"
        return "write it there, readable by the service alone (mode 0400)"


def _no_plain_text(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError(
            PLAIN,
            "a secret does not belong in the settings file; write {file: PATH}, {env: NAME} or {credential: NAME}",
        )
    return value


Secret = Annotated[SecretReference, BeforeValidator(_no_plain_text)]
"""A settings field that names a secret; `.read()` gets it."""
