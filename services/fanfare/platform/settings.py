"""Settings: environment variables that start with FANFARE_."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from fanfare.platform.logs.kafka.connecting import TOPIC, Kafka


class Settings(BaseSettings):
    """What an operator may set. Each is described in docs/guides/operators.md."""

    model_config = SettingsConfigDict(env_prefix="FANFARE_")

    home: Path = Path("site-data")
    """The data folder: the embedded PostgreSQL and its logs."""
    objects: str = ""
    """Where pictures are kept: s3://bucket/path. Empty: the folder `objects` in the data folder."""
    database_url: str = ""
    """A PostgreSQL server (16 or later) to use instead of the embedded one."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port to listen on."""
    url: str = ""
    """Where people reach a site that is not founded yet, for the link that sets it up. Empty: localhost and the port."""
    alive_file: Path | None = None
    """A file that the worker touches every five seconds, for whoever watches it. Empty: none."""
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
    beacon_urls: str = "https://api.drand.sh,https://api2.drand.sh,https://api3.drand.sh,https://drand.cloudflare.com"
    """Where the values that draws wait for are fetched: mirrors of drand, with commas, asked in their order."""
    witnesses: str = ""
    """Witnesses of the record that are shown each checkpoint: an address and a key each, with spaces or commas between."""
    otlp_url: str = ""
    """Where traces go: the base URL of an OpenTelemetry collector that takes OTLP over HTTP. Empty: nothing is traced."""
    smtp_password: SecretStr = SecretStr("")
    """The password for SMTP, where it shall not stand in the URL."""

    kafka_brokers: str = ""
    """Brokers of Apache Kafka, host:port with commas, that keep the record. Empty: PostgreSQL keeps it."""
    kafka_topic: str = TOPIC
    """The topic that holds the record."""
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How brokers are spoken to."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How we say who we are, where the security is SASL."""
    kafka_username: str = ""
    """Our name, for SASL."""
    kafka_password: SecretStr = SecretStr("")
    """Our password, for SASL."""
    kafka_ca_file: str = ""
    """PEM of the authority that signed the brokers' certificates. Empty: those that the system trusts."""
    kafka_certificate_file: str = ""
    """PEM of our own certificate, where the brokers ask for one."""
    kafka_key_file: str = ""
    """PEM of its key, where it does not stand in the same file."""

    @property
    def kafka(self) -> Kafka | None:
        """Where Kafka keeps the record; None where PostgreSQL does."""
        if not self.kafka_brokers:
            return None
        return Kafka(
            brokers=self.kafka_brokers,
            topic=self.kafka_topic,
            security=self.kafka_security,
            sasl_mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value(),
            ca_file=self.kafka_ca_file,
            certificate_file=self.kafka_certificate_file,
            key_file=self.kafka_key_file,
        )

    @property
    def last_backup(self) -> Path:
        """The file in which `fanfare backup` notes when it made the last one, for the operator's page."""
        return self.home / "last-backup"
