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
    trusted_proxies: str = ""
    """Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks, with commas."""
    requests_per_address: int = Field(default=300, ge=1, le=1_000_000)
    """Requests a second, on average over half a minute, that one address may send."""
    metrics_token: SecretStr = SecretStr("")
    """The token that /metrics asks for; without it, an admin's or, on a site of this machine's own, none."""
    smtp_password: SecretStr = SecretStr("")
    """The password for SMTP, where it shall not stand in the URL."""

    @property
    def last_backup(self) -> Path:
        """The file in which `fanfare backup` notes when it made the last one, for the operator's page."""
        return self.home / "last-backup"
