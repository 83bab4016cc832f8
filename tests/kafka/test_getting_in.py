"""TLS and SASL: right names, passwords and certificates are let in, wrong ones are told apart at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from msgspec.structs import replace

from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.administering import administered
from fanfare.platform.logs.kafka.connecting import TOPIC, Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.kafka.reaching import KafkaUnfit, reach
from fanfare.platform.logs.port import LogAway
from fanfare.record.position import Position
from tests.contracts.log_contract import named
from tests.kafka_fixture import broker, free_port

RIGHT = "right"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


class Authority:
    """Signs certificates, and writes them down as PEM."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        (folder / "ca.pem").write_bytes(self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0)))

    def issue(self, name: str) -> Path:
        """Return a file with a key and a certificate for *name*, which is good for 127.0.0.1 only."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        signed = self._signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, address)
        file = self._folder / f"{name}.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed)
        file.chmod(0o644)  # the broker of a container runs as somebody else
        return file

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        return built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Guarded:
    """How a broker that asks who comes is reached rightly."""

    plain: str
    """Its listener that asks nobody."""
    sasl: Kafka
    tls: Kafka
    """By a certificate of ours."""
    other: Authority


def rights(principal: str) -> list[ACL]:
    """Return what docs/guides/production.md says that the account needs, but for the workers' group."""
    record, cluster = ResourcePattern(ResourceType.TOPIC, TOPIC), ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")
    needed = {
        record: ("CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "READ", "WRITE"),
        cluster: ("DESCRIBE", "DESCRIBE_CONFIGS"),
    }
    return [
        ACL(principal, "*", ACLOperation[operation], ACLPermissionType.ALLOW, resource)
        for resource, operations in needed.items()
        for operation in operations
    ]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Run a broker with certificates of its own authority, SCRAM, PLAIN and client certificates."""
    folder, other = tmp_path_factory.mktemp("authority"), tmp_path_factory.mktemp("other")
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o755)
    authority = Authority(folder)
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.issue("broker")),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # who comes by the plain listener, and the broker itself
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{PLAIN} required user_fan="{RIGHT}" user_guest="{RIGHT}";',
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{SCRAM} required;",
    }
    listeners = {"SASL_SSL": free_port(), "SSL": free_port()}
    with broker(settings, listeners, folder) as address:
        plain = Kafka(brokers=address)
        topic.create(plain)
        with administered(plain) as admin:
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion("fan", "SCRAM-SHA-512", RIGHT)])
            admin.create_acls([right for who in ("User:fan", "User:CN=ours") for right in rights(who)])
        ca = str(folder / "ca.pem")
        sasl = Kafka(
            brokers=f"127.0.0.1:{listeners['SASL_SSL']}", security="SASL_SSL", username="fan", password=RIGHT, ca_file=ca
        )
        ours = str(authority.issue("ours"))
        tls = Kafka(brokers=f"127.0.0.1:{listeners['SSL']}", security="SSL", ca_file=ca, certificate_file=ours)
        yield Guarded(address, sasl, tls, Authority(other))


@pytest.mark.parametrize("way", ["SCRAM-SHA-512", "PLAIN", "a certificate"])
async def test_who_comes_rightly_is_let_in_and_can_append(guarded: Guarded, way: str) -> None:
    kafka = guarded.tls if way == "a certificate" else replace(guarded.sasl, sasl_mechanism=way)
    log = KafkaLog(kafka, 4)
    try:
        position = await log.append(1, [named(1)])
        (entry,) = await log.read(1, position.offset, 1)
    finally:
        await log.close()

    assert Position(entry.partition, entry.offset, 0) == position


@pytest.mark.parametrize("way", ["SCRAM-SHA-512", "PLAIN", "a certificate"])
def test_the_topic_is_looked_at_over_the_same_way(guarded: Guarded, way: str) -> None:
    kafka = guarded.tls if way == "a certificate" else replace(guarded.sasl, sasl_mechanism=way)

    assert topic.refuse_if_unfit(kafka).partitions == 4


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_wrong_name_or_password_is_refused_at_once(guarded: Guarded, mechanism: str, change: dict[str, str]) -> None:
    with pytest.raises(KafkaUnfit, match="FANFARE_KAFKA_PASSWORD"):
        reach(replace(guarded.sasl, sasl_mechanism=mechanism, **change))


def test_who_is_let_in_and_may_not_ask_is_told_which_rights_it_takes(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match=r"kafka-acls\.sh"):
        topic.refuse_if_unfit(replace(guarded.sasl, sasl_mechanism="PLAIN", username="guest"))


def test_a_mechanism_that_the_broker_does_not_take_is_refused_at_once(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match="FANFARE_KAFKA_SASL_MECHANISM"):
        reach(replace(guarded.sasl, sasl_mechanism="SCRAM-SHA-256"))


def test_a_certificate_of_an_authority_that_we_do_not_trust_is_refused_at_once(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match=r"not trusted.*FANFARE_KAFKA_CA_FILE is not set"):
        reach(replace(guarded.sasl, ca_file=""))


def test_a_certificate_for_another_name_is_refused_at_once(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match=r"not trusted: .*'localhost'"):
        reach(replace(guarded.sasl, brokers=guarded.sasl.brokers.replace("127.0.0.1", "localhost")))


def test_a_certificate_of_ours_that_the_broker_does_not_trust_is_refused_at_once(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match="FANFARE_KAFKA_CERTIFICATE_FILE"):
        reach(replace(guarded.tls, certificate_file=str(guarded.other.issue("stranger"))))


def test_no_certificate_where_the_broker_asks_for_one_is_refused_at_once(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match="FANFARE_KAFKA_CERTIFICATE_FILE"):
        reach(replace(guarded.tls, certificate_file=""))


def test_tls_to_a_listener_that_speaks_none_is_told_with_the_setting_that_may_be_wrong(guarded: Guarded) -> None:
    with pytest.raises(LogAway, match="FANFARE_KAFKA_SECURITY is SASL_SSL"):
        reach(replace(guarded.sasl, brokers=guarded.plain), patience_s=0)


def test_plain_words_to_a_listener_that_speaks_tls_are_told_with_the_setting_that_may_be_wrong(guarded: Guarded) -> None:
    with pytest.raises(LogAway, match="FANFARE_KAFKA_SECURITY is PLAINTEXT"):
        reach(Kafka(brokers=guarded.sasl.brokers), patience_s=0)


def test_a_file_that_is_not_there_is_named(guarded: Guarded) -> None:
    with pytest.raises(KafkaUnfit, match=r"/nowhere/ca\.pem"):
        reach(replace(guarded.sasl, ca_file="/nowhere/ca.pem"))
