"""How Kafka is reached: brokers, and TLS and SASL by the names that operators know."""

import ssl
from typing import Any

import msgspec

TOPIC = "fanfare.record"


class Kafka(msgspec.Struct, frozen=True):
    """
    Where the record is kept, and how to get in.

    Args:
        brokers: ``host:port``, with commas.
        topic: holds the record and nothing else.
        security: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``.
        sasl_mechanism: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``.
        ca_file: PEM of the authority that signed the brokers' certificates; empty: those that the system trusts.
        certificate_file: PEM of our own certificate, where brokers ask for one.
        key_file: PEM of its key, where that is not in the same file.
    """

    brokers: str
    topic: str = TOPIC
    security: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def options(self) -> dict[str, Any]:
        """Return what the clients are opened with; kafka-python and aiokafka give it the same names."""
        options: dict[str, Any] = {
            "bootstrap_servers": [each.strip() for each in self.brokers.split(",") if each.strip()],
            "security_protocol": self.security,
        }
        if self.security.endswith("SSL"):
            options["ssl_context"] = self._tls()
        if self.security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.certificate_file:
            context.load_cert_chain(self.certificate_file, self.key_file or None)
        return context
