"""Whether a broker lets us in, and why none does: the client libraries try again and again, and only log the reason."""

import asyncio
import ssl
from time import monotonic
from typing import TYPE_CHECKING, Any

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import LogAway

if TYPE_CHECKING:
    from aiokafka.conn import AIOKafkaConnection

KAFKA_UNFIT = 78
"""The exit status of a process that Kafka's settings, or ours, do not let run (sysexits.h: EX_CONFIG). Trying again is no use."""
PATIENCE_S = 30.0
"""How long brokers are waited for: longer than a cluster takes to start."""
_ANSWER_MS = 5_000
_PAUSE_S = 0.5


class KafkaUnfit(Exception):
    """The brokers, the topic or our own settings are not what the record needs; the message names each and what mends it."""


def reach(kafka: Kafka, patience_s: float = PATIENCE_S) -> None:
    """
    Return once a broker answers and lets us in. Not to be called from a running event loop.

    Raises:
        KafkaUnfit: a broker showed a certificate that is not trusted, or takes neither our name nor our password; or a file
            that the settings name cannot be read.
        LogAway: none answered within *patience_s*.
    """
    try:
        options = kafka.options()
    except OSError as error:  # an ssl.SSLError is one
        files = ", ".join(filter(None, (kafka.ca_file, kafka.certificate_file, kafka.key_file)))
        raise KafkaUnfit(
            f"The files for TLS cannot be used ({files}): {error}. FANFARE_KAFKA_CA_FILE, FANFARE_KAFKA_CERTIFICATE_FILE and "
            "FANFARE_KAFKA_KEY_FILE name PEM files."
        ) from error
    asyncio.run(_reach(kafka, options, patience_s))


async def _reach(kafka: Kafka, options: dict[str, Any], patience_s: float) -> None:
    from aiokafka.conn import AIOKafkaConnection, collect_hosts

    until, last = monotonic() + patience_s, ""
    servers = options.pop("bootstrap_servers")
    while True:
        for host, port, _ in collect_hosts(servers):
            broker = f"{host}:{port}"
            error = await _refusal(AIOKafkaConnection(host, port, client_id="fanfare", request_timeout_ms=_ANSWER_MS, **options))
            if error is None:
                return
            _refuse_if_hopeless(kafka, broker, error)
            last = f"{broker}: {str(error) or type(error).__name__}"
        if monotonic() > until:
            raise LogAway(
                f"No broker answered within {patience_s:.0f} s. FANFARE_KAFKA_BROKERS is {kafka.brokers}, FANFARE_KAFKA_SECURITY "
                f"is {kafka.security}; the last one said: {last}. Check that they run, that this machine may connect to them, "
                "and that their listener speaks what FANFARE_KAFKA_SECURITY says."
            )
        await asyncio.sleep(_PAUSE_S)


async def _refusal(connection: "AIOKafkaConnection") -> Exception | None:
    """Connect and let go again; return why that failed, and nothing where it did not."""
    from aiokafka.errors import KafkaError

    try:
        await connection.connect()
    except (OSError, TimeoutError) as error:
        return error
    except KafkaError as error:
        found: Exception = error
        # A broker that refuses our certificate does so behind the handshake, when the connection seems to stand already.
        if isinstance(error.__cause__, ssl.SSLError):
            found = error.__cause__
        await _ended(connection)
        return found
    await _ended(connection)
    return None


async def _ended(connection: "AIOKafkaConnection") -> None:
    """Close a connection and wait until it is, or TLS would be left in the middle of its good-bye."""
    await asyncio.wait([connection.close()], timeout=1)


def _refuse_if_hopeless(kafka: Kafka, broker: str, error: Exception) -> None:
    """Raise KafkaUnfit where waiting would not help."""
    from aiokafka import errors

    if isinstance(error, ssl.SSLCertVerificationError):
        trusted = f"FANFARE_KAFKA_CA_FILE is {kafka.ca_file}" if kafka.ca_file else "FANFARE_KAFKA_CA_FILE is not set"
        raise KafkaUnfit(
            f"The certificate of the broker {broker} is not trusted: {error.verify_message}. {trusted}; it names the PEM file of "
            "the authority that signed the brokers' certificates, which must be for the names that FANFARE_KAFKA_BROKERS has."
        ) from error
    if isinstance(error, ssl.SSLError):
        raise KafkaUnfit(
            f"The broker {broker} and we do not agree on TLS: {error}. FANFARE_KAFKA_SECURITY is {kafka.security}; it must be "
            "what that listener speaks. Where it asks for a certificate of ours, FANFARE_KAFKA_CERTIFICATE_FILE names it."
        ) from error
    if isinstance(error, errors.SaslAuthenticationFailed | errors.AuthenticationFailedError):
        raise KafkaUnfit(
            f"The broker {broker} does not let {kafka.username!r} in by {kafka.sasl_mechanism}: {error}. Check "
            "FANFARE_KAFKA_USERNAME, FANFARE_KAFKA_PASSWORD and FANFARE_KAFKA_SASL_MECHANISM."
        ) from error
    if isinstance(error, errors.UnsupportedSaslMechanismError | errors.IllegalSaslStateError):
        raise KafkaUnfit(
            f"The broker {broker} does not take {kafka.security} with {kafka.sasl_mechanism}: {error}. Check "
            "FANFARE_KAFKA_SECURITY and FANFARE_KAFKA_SASL_MECHANISM."
        ) from error
