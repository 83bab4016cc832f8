"""Settings: environment variables that start with FANFARE_."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Each is described in docs/guides/operators.md."""

    model_config = SettingsConfigDict(env_prefix="FANFARE_")

    home: Path = Path("site-data")
    """The data folder: the embedded PostgreSQL and its logs."""
    database_url: str = ""
    """A PostgreSQL server (16 or later) to use instead of the embedded one."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port to listen on."""
    smtp_url: str = ""
    """Where mail goes: smtp://user:password@host:587 (STARTTLS) or smtps://…:465. Empty: the development mailbox page."""
    mail_from: str = "fanfare@localhost"
    """The sender of mail."""
    smtp_password: SecretStr = SecretStr("")
    """The password for SMTP, where it shall not stand in the URL."""
